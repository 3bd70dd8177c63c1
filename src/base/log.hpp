// Structured logging: an event name and fields; the sink decides text or JSON. Secrets never get
// here: Secret has no text form.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace gatehouse {

enum class LogLevel { debug, info, warn, error };

/// Borrows both: good for the call that it is written in, where temporaries live to the end.
struct LogField {
  std::string_view name;
  std::string_view value;
};

class Logger {
 public:
  virtual ~Logger() = default;
  /// `event` is a stable snake_case name. Safe from any thread.
  virtual void write(LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) = 0;
  virtual bool enabled(LogLevel level) const = 0;
  /// Lines would soon be lost, and that is not wanted: who must leave a record should do nothing
  /// that needs one. Cheap enough to ask on every call; any thread.
  virtual bool behind() const { return false; }

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::error, event, fields);
  }

 private:
  void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (enabled(level)) write(level, event, fields);
  }
};

/// Drops everything.
class NullLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
  bool enabled(LogLevel) const override { return false; }
};

}  // namespace gatehouse
