#include "mcp_server/event_stream.hpp"

#include "base/limits.hpp"
#include "http/sse.hpp"
#include "jsonrpc/message.hpp"

namespace gatehouse::mcp_server {
namespace {

/// Marks the stream as being written to, however the writing ends.
class Writing final {
 public:
  Writing(bool& flag, Condition& changed) : flag_(flag), changed_(changed) { flag_ = true; }
  ~Writing() {
    flag_ = false;
    changed_.notify_all();
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  bool& flag_;
  Condition& changed_;
};

/// However the handler of the exchange ends, the exchange is not used any more.
class Abandoning final {
 public:
  explicit Abandoning(EventStream& stream) : stream_(stream) {}
  ~Abandoning() { stream_.abandon(); }
  Abandoning(const Abandoning&) = delete;
  Abandoning& operator=(const Abandoning&) = delete;

 private:
  EventStream& stream_;
};

}  // namespace

EventStream::EventStream(http::Exchange& exchange, KeepAlive& keep_alive)
    : exchange_(&exchange), keep_alive_(keep_alive), changed_(keep_alive.tasks().executor()) {
  keep_alive_.add(*this);
}

void EventStream::abandon() {
  exchange_ = nullptr;
  unlink();
  changed_.notify_all();
}

void EventStream::on_gone() {
  broken_ = true;
  changed_.notify_all();
}

void EventStream::on_tick() {
  if (!std::exchange(sent_lately_, false) && pending_.empty() && is_open()) {
    pending_ += ": still here\n\n";
    start_pump();
  }
}

void EventStream::append(std::string_view json, std::string_view id) {
  sent_lately_ = true;
  std::string line;
  if (jsonrpc::drop_line_breaks(json, line)) json = line;
  pending_ += http::format_sse_event(json, id);
}

/// Whoever sees `pumping_` false and has something to write pumps; it also ends the answer when
/// that has been asked for.
Task<> EventStream::pump() {
  const Writing writing(pumping_, changed_);
  if (exchange_ != nullptr && !broken_ && !exchange_->streaming()) {
    const http::Headers headers{{"Content-Type", "text/event-stream"},
                                {"Cache-Control", "no-store"},
                                {"X-Accel-Buffering", "no"}};
    const auto started = co_await exchange_->start_stream(200, headers);
    if (!started) broken_ = true;
  }
  while (!pending_.empty() && !broken_ && exchange_ != nullptr) {
    const std::string batch = std::exchange(pending_, {});
    const auto written = co_await exchange_->write(batch);
    if (!written) broken_ = true;
  }
  pending_.clear();
  if (ending_ && !broken_ && exchange_ != nullptr) {
    co_await exchange_->finish();
    exchange_ = nullptr;
  }
}

Task<> EventStream::run_pump(std::shared_ptr<EventStream> self) {
  co_await self->pump();
}

Task<> EventStream::idle() {
  while (pumping_) co_await changed_.wait();
}

Task<Result<void>> EventStream::send(std::string_view json, std::string_view id) {
  const std::shared_ptr<EventStream> self = shared_from_this();
  if (is_open()) {
    append(json, id);
    if (!pumping_) {
      co_await pump();
    } else {
      while (pumping_ && pending_.size() > limits::kStreamBufferBytes) co_await changed_.wait();
    }
  }
  if (broken_ || exchange_ == nullptr) {
    co_return fail(Errc::unavailable, "the client has closed the stream");
  }
  co_return Result<void>{};
}

bool EventStream::post(std::string_view json, std::string_view id) {
  if (!is_open() || pending_.size() > limits::kStreamBufferBytes) return false;
  append(json, id);
  start_pump();
  return true;
}

void EventStream::add_raw(std::string_view text) {
  if (is_open()) pending_ += text;
}

void EventStream::start_pump() {
  if (pumping_ || exchange_ == nullptr || keep_alive_.tasks().closed()) return;
  pumping_ = true;
  keep_alive_.tasks().spawn("event_stream", run_pump(shared_from_this()));
}

Task<> EventStream::close(std::string_view json, std::string_view id) {
  const std::shared_ptr<EventStream> self = shared_from_this();
  co_await idle();
  if (!json.empty() && is_open()) append(json, id);
  ending_ = true;
  if (exchange_ != nullptr) co_await pump();
  abandon();
}

void EventStream::end(std::string_view json, std::string_view id) {
  if (!is_open()) return;
  if (!json.empty()) append(json, id);
  ending_ = true;
  start_pump();
  changed_.notify_all();
}

Task<> EventStream::settle() {
  const std::shared_ptr<EventStream> self = shared_from_this();
  co_await idle();
  abandon();
}

void EventStream::end_connection() {
  if (exchange_ != nullptr) exchange_->close_after_answer();
}

Task<> EventStream::serve() {
  const std::shared_ptr<EventStream> self = shared_from_this();
  if (exchange_ == nullptr) co_return;
  const Abandoning abandoning(*this);
  const auto gone = exchange_->disconnected().on_cancel([this] { on_gone(); });
  start_pump();
  while (is_open() || pumping_) co_await changed_.wait();
}

}  // namespace gatehouse::mcp_server
