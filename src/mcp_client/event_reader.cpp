#include "mcp_client/event_reader.hpp"

#include "base/limits.hpp"

namespace gatehouse::mcp_client {

EventReader::EventReader(std::unique_ptr<http::BodyStream> stream)
    : stream_(std::move(stream)), parser_(limits::kSseEventBytes) {}

Task<Result<EventReader::Step>> EventReader::next(std::chrono::milliseconds idle) {
  Step step;
  if (taken_ == events_.size()) {
    events_.clear();
    taken_ = 0;
    const Result<std::string_view> bytes = co_await stream_->read_some(idle);
    if (!bytes) co_return std::unexpected(bytes.error());
    step.ended = bytes->empty();
    if (auto fed = parser_.feed(*bytes, events_); !fed) co_return std::unexpected(fed.error());
  }
  if (taken_ < events_.size()) step.event = std::move(events_[taken_++]);
  co_return step;
}

}  // namespace gatehouse::mcp_client
