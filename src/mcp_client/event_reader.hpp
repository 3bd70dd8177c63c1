// EventReader: the events of one SSE answer, one at a time. Used by the HTTP peers.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "http/sse.hpp"

namespace gatehouse::mcp_client {

class EventReader final {
 public:
  explicit EventReader(std::unique_ptr<http::BodyStream> stream);

  struct Step {
    std::optional<http::SseEvent> event;  ///< nothing yet when empty and not ended
    bool ended = false;
  };
  /// The next event, after at most one read, so that the caller can look at its deadline although
  /// keep-alive comments arrive. Errors: those of BodyStream::read_some.
  Task<Result<Step>> next(std::chrono::milliseconds idle);
  std::optional<std::chrono::milliseconds> retry() const { return parser_.retry(); }
  const std::string& last_event_id() const { return parser_.last_event_id(); }

 private:
  std::unique_ptr<http::BodyStream> stream_;
  http::SseParser parser_;
  std::vector<http::SseEvent> events_;
  std::size_t taken_ = 0;
};

}  // namespace gatehouse::mcp_client
