#include "net/log_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace gatehouse::net {
namespace {

constexpr std::size_t kStep = std::size_t{256} * 1024;  // of one write where nothing blocks
constexpr std::size_t kBatch = std::size_t{64} * 1024;  // so much does not wait for more
constexpr int kLookMs = 100;  // how often a wait for the reader looks whether we are to end

}  // namespace

LogWriter::LogWriter(Settings settings) : settings_(std::move(settings)), out_(settings_.fd) {
  struct stat about{};
  const bool known = ::fstat(settings_.fd, &about) == 0;
  is_socket_ = known && S_ISSOCK(about.st_mode);
  step_ = kStep;
  if (known && S_ISFIFO(about.st_mode)) {
    // The pipe's own flags are shared with whoever else has it; an opening of our own is not.
    const std::string self = "/proc/self/fd/" + std::to_string(settings_.fd);
    const int again = ::open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    owned_ = again >= 0;
    out_ = owned_ ? again : out_;
    if (!owned_) step_ = PIPE_BUF;  // a pipe that poll() calls writable takes so much
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

LogWriter::~LogWriter() {
  thread_.request_stop();
  thread_.join();
  if (owned_) ::close(out_);
}

bool LogWriter::write(std::string_view line, bool at_once) {
  bool wake = at_once;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() + line.size() + 1 > settings_.queue_bytes) {
      ++dropped_;
      return false;
    }
    // The writer sleeps only while nothing is queued, or until the linger of the first line ends.
    wake = queue_.empty() || (at_once && !at_once_) ||
           (queue_.size() < kBatch && queue_.size() + line.size() + 1 >= kBatch);
    queue_.append(line) += '\n';
    at_once_ = at_once_ || at_once;
  }
  if (wake) changed_.notify_one();
  return true;
}

bool LogWriter::behind() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() >= settings_.queue_bytes / 4 * 3;
}

void LogWriter::run(const std::stop_token& stop) {
  std::string batch;
  std::unique_lock lock(mutex_);
  while (true) {
    const bool any = changed_.wait(lock, stop, [this] { return !queue_.empty() || dropped_ > 0; });
    if (any && !stop.stop_requested()) {
      changed_.wait_for(lock, stop, settings_.linger,
                        [this] { return at_once_ || queue_.size() >= kBatch; });
    }
    if (queue_.empty() && dropped_ == 0) return;  // and we are to end
    batch.swap(queue_);
    queue_.clear();
    at_once_ = false;
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    if (dropped > 0 && settings_.make_dropped_line)
      batch.append(settings_.make_dropped_line(dropped)) += '\n';
    write_out(batch, stop);
    batch.clear();
    if (batch.capacity() > 4 * kBatch) batch.shrink_to_fit();
    lock.lock();
  }
}

bool LogWriter::wait_writable(const std::stop_token& stop,
                              std::chrono::steady_clock::time_point& give_up) {
  while (true) {
    pollfd look{out_, POLLOUT, 0};
    if (::poll(&look, 1, kLookMs) > 0) return true;
    if (!stop.stop_requested()) continue;
    const auto now = std::chrono::steady_clock::now();
    if (give_up == std::chrono::steady_clock::time_point{}) give_up = now + settings_.farewell;
    if (now >= give_up) return false;
  }
}

void LogWriter::write_out(std::string_view batch, const std::stop_token& stop) {
  std::chrono::steady_clock::time_point give_up{};
  while (!batch.empty()) {
    if (step_ == PIPE_BUF && !wait_writable(stop, give_up)) return;
    const std::size_t size = std::min(batch.size(), step_);
    const ssize_t put = is_socket_ ? ::send(out_, batch.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                   : ::write(out_, batch.data(), size);
    if (put > 0) {
      batch.remove_prefix(static_cast<std::size_t>(put));
    } else if (put < 0 && errno == EAGAIN) {
      if (!wait_writable(stop, give_up)) return;
    } else if (put < 0 && errno != EINTR) {
      return;  // nobody will ever read it
    }
  }
}

}  // namespace gatehouse::net
