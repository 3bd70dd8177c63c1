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

}  // namespace

EventStream::EventStream(http::Exchange& exchange, KeepAlive& keep_alive)
    : exchange_(&exchange), keep_alive_(keep_alive), changed_(keep_alive.tasks().executor()) {
  keep_alive_.add(this);
}

EventStream::~EventStream() {
  keep_alive_.remove(this);
}

void EventStream::abandon() {
  exchange_ = nullptr;
  keep_alive_.remove(this);
}

void EventStream::keep_alive() {
  if (!std::exchange(sent_lately_, false) && pending_.empty()) {
    pending_ += ": still here\n\n";
    start_pump();
  }
}

void EventStream::append(std::string_view json) {
  sent_lately_ = true;
  std::string line;
  if (jsonrpc::drop_line_breaks(json, line)) json = line;
  pending_ += http::format_sse_event(json);
}

Task<> EventStream::pump() {
  const Writing writing(pumping_, changed_);
  if (exchange_ != nullptr && !exchange_->streaming()) {
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
}

Task<> EventStream::run_pump(std::shared_ptr<EventStream> self) {
  co_await self->pump();
}

Task<> EventStream::idle() {
  while (pumping_) co_await changed_.wait();
}

Task<Result<void>> EventStream::send(std::string_view json) {
  const std::shared_ptr<EventStream> self = shared_from_this();
  append(json);
  if (!pumping_) {
    co_await pump();
  } else {
    while (pumping_ && pending_.size() > limits::kStreamBufferBytes) co_await changed_.wait();
  }
  if (broken_ || exchange_ == nullptr) {
    co_return fail(Errc::unavailable, "the client has closed the stream");
  }
  co_return Result<void>{};
}

void EventStream::post(std::string_view json) {
  if (broken_ || exchange_ == nullptr || pending_.size() > limits::kStreamBufferBytes) return;
  append(json);
  start_pump();
}

void EventStream::start_pump() {
  if (pumping_) return;
  pumping_ = true;
  keep_alive_.tasks().spawn("event_stream", run_pump(shared_from_this()));
}

Task<> EventStream::close(std::string_view json) {
  const std::shared_ptr<EventStream> self = shared_from_this();
  co_await idle();
  if (!json.empty()) append(json);
  co_await pump();
  if (exchange_ != nullptr && exchange_->streaming()) co_await exchange_->finish();
  abandon();
}

}  // namespace gatehouse::mcp_server
