#include "net/line_pipe.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>

#include "async/use_task.hpp"
#include "net/signals.hpp"

namespace gatehouse::net {
namespace {

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

LinePipe::LinePipe(Executor executor, int read_fd, int write_fd, std::size_t max_line_bytes)
    : in_(executor, read_fd),
      out_(executor, write_fd),
      max_line_bytes_(max_line_bytes),
      write_progress_(executor) {
  ignore_sigpipe();
  in_.native_non_blocking(true);
  out_.native_non_blocking(true);
}

Task<Result<void>> LinePipe::write_line(std::string_view line) {
  const std::shared_ptr<LinePipe> self = shared_from_this();
  if (write_closed_ || write_error_ != 0)
    co_return fail(Errc::unavailable, "the other side of the channel is gone");
  if (unsent_at_ == unsent_.size() && write_error_ == 0) {
    unsent_.clear();
    unsent_at_ = 0;
    const std::size_t written = write_now(line);
    if (written == line.size() + 1) co_return Result<void>{};
    unsent_.append(line.substr(std::min(written, line.size())));
  } else {
    unsent_.append(line);
  }
  unsent_ += '\n';
  queued_ = sent_ + (unsent_.size() - unsent_at_);
  const std::uint64_t until = queued_;
  if (write_error_ == 0) wait_writable();
  while (sent_ < until && write_error_ == 0) co_await write_progress_.wait();
  if (write_error_ != 0)
    co_return fail(Errc::unavailable, std::string("cannot write: ") + std::strerror(write_error_));
  co_return Result<void>{};
}

/// How much of the line and its line feed the descriptor took at once.
std::size_t LinePipe::write_now(std::string_view line) {
  char feed = '\n';
  const std::array<iovec, 2> pieces{{{const_cast<char*>(line.data()), line.size()}, {&feed, 1}}};
  ssize_t written = -1;
  do {
    written = ::writev(out_.native_handle(), pieces.data(), pieces.size());
  } while (written < 0 && errno == EINTR);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (!would_block(errno)) fail_writing(errno);
  return 0;
}

void LinePipe::wait_writable() {
  if (waiting_writable_) return;
  waiting_writable_ = true;
  out_.async_wait(
      Descriptor::wait_write,
      [self = shared_from_this()](boost::system::error_code error) { self->on_writable(error); });
}

void LinePipe::on_writable(boost::system::error_code error) {
  waiting_writable_ = false;
  if (error) return fail_writing(error.value());
  while (unsent_at_ < unsent_.size()) {
    const ssize_t written =
        ::write(out_.native_handle(), unsent_.data() + unsent_at_, unsent_.size() - unsent_at_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && would_block(errno)) {
      wait_writable();
      break;
    }
    if (written < 0) return fail_writing(errno);
    unsent_at_ += static_cast<std::size_t>(written);
    sent_ += static_cast<std::uint64_t>(written);
  }
  if (unsent_at_ == unsent_.size()) {
    unsent_.clear();
    unsent_at_ = 0;
    boost::system::error_code ignored;
    if (write_closed_) out_.close(ignored);
  }
  write_progress_.notify_all();
}

void LinePipe::fail_writing(int error) {
  if (write_error_ == 0) write_error_ = error;
  unsent_.clear();
  unsent_at_ = 0;
  write_progress_.notify_all();
}

std::optional<std::string> LinePipe::take_line() {
  const std::string_view bytes = buffer_.view();
  const std::size_t end = bytes.find('\n', scanned_);
  if (end == std::string_view::npos) {
    scanned_ = bytes.size();
    return std::nullopt;
  }
  std::size_t size = end;
  if (size > 0 && bytes[size - 1] == '\r') --size;
  std::string line(bytes.substr(0, size));
  buffer_.consume(end + 1);
  scanned_ = 0;
  return line;
}

/// A last line without line feed.
std::optional<std::string> LinePipe::take_rest() {
  if (buffer_.empty()) return std::nullopt;
  std::string line(buffer_.view());
  buffer_.consume(buffer_.size());
  scanned_ = 0;
  return line;
}

Task<Result<std::optional<std::string>>> LinePipe::read_line() {
  using Line = std::optional<std::string>;
  const std::shared_ptr<LinePipe> self = shared_from_this();
  while (true) {
    if (reading_closed_) co_return Line{};
    if (Line line = take_line()) co_return line;
    if (too_long_ || buffer_.size() > max_line_bytes_) {
      too_long_ = true;
      co_return fail(Errc::too_large, "a line is longer than " + std::to_string(max_line_bytes_) +
                                          " bytes (kStdioLineBytes)");
    }
    if (at_end_) co_return take_rest();
    if (only_what_is_there_) {
      if (!append_now()) at_end_ = true;
      continue;
    }
    const std::span<char> space = buffer_.prepare(
        buffer_.size() < ReadBuffer::kLargeBytes ? ReadBuffer::kReadBytes : buffer_.size());
    boost::system::error_code error;
    const std::size_t bytes =
        co_await in_.async_read_some(boost::asio::buffer(space.data(), space.size()),
                                     boost::asio::redirect_error(use_task, error));
    buffer_.commit(bytes);
    // An aborted read is the task's own cancellation unless one of our methods caused it.
    if (error == boost::asio::error::operation_aborted) {
      if (!reading_closed_ && !only_what_is_there_) throw boost::system::system_error(error);
    } else if (error) {
      at_end_ = true;  // also EIO of a terminal that was hung up, and ECONNRESET
    }
  }
}

/// False when nothing can be read without waiting.
bool LinePipe::append_now() {
  const std::span<char> space = buffer_.prepare(ReadBuffer::kLargeBytes);
  ssize_t bytes = -1;
  do {
    bytes = ::read(in_.native_handle(), space.data(), space.size());
  } while (bytes < 0 && errno == EINTR);
  if (bytes <= 0) return false;
  buffer_.commit(static_cast<std::size_t>(bytes));
  return true;
}

void LinePipe::close_write() {
  if (write_closed_) return;
  write_closed_ = true;
  boost::system::error_code ignored;
  if (unsent_at_ == unsent_.size() || write_error_ != 0) out_.close(ignored);
}

void LinePipe::close_read() {
  if (reading_closed_) return;
  reading_closed_ = true;
  boost::system::error_code ignored;
  in_.cancel(ignored);
}

void LinePipe::discard_input() {
  if (!in_.is_open()) return;
  in_.async_wait(
      Descriptor::wait_read, [self = shared_from_this()](boost::system::error_code error) {
        std::array<char, 16384> bytes;
        if (error || !self->in_.is_open()) return;
        const ssize_t size = ::read(self->in_.native_handle(), bytes.data(), bytes.size());
        if (size > 0 || (size < 0 && would_block(errno))) self->discard_input();
      });
}

void LinePipe::no_more_writers() {
  only_what_is_there_ = true;
  boost::system::error_code ignored;
  if (in_.is_open()) in_.cancel(ignored);
}

void LinePipe::close() {
  close_read();
  write_closed_ = true;
  boost::system::error_code ignored;
  if (in_.is_open()) in_.close(ignored);
  if (out_.is_open()) out_.close(ignored);
  fail_writing(EPIPE);
}

}  // namespace gatehouse::net
