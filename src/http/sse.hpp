// Server-sent events (WHATWG HTML §9.2): an incremental parser and a writer. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::http {

struct SseEvent {
  std::string type = "message";
  std::string data;     ///< lines joined by LF
  std::string id;       ///< last event id in force, per the specification
  bool has_id = false;  ///< this event carried an id field itself
};

/// Feed bytes as they arrive, take events as they complete. Events without data are reported too
/// when they carry an id (MCP priming); comments are dropped.
class SseParser final {
 public:
  explicit SseParser(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}
  /// Appends the events completed by `bytes` to `events`. Errors: too_large.
  Result<void> feed(std::string_view bytes, std::vector<SseEvent>& events);
  /// The reconnection time the server asked for, if any.
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }
  const std::string& last_event_id() const { return last_id_; }

 private:
  void on_line(std::string_view line, std::vector<SseEvent>& events);
  void on_field(std::string_view name, std::string_view value);

  std::size_t max_event_bytes_;
  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

/// One event as bytes. `data` without line breaks is written as one data line.
std::string format_sse_event(std::string_view data, std::string_view id = {},
                             std::string_view type = {});

}  // namespace gatehouse::http
