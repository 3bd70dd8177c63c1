#include "app/logger.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "jsonrpc/json.hpp"
#include "net/log_writer.hpp"

namespace gatehouse::app {
namespace {

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

using Fields = std::initializer_list<LogField>;

// "14:03:59.123", as the clock on the wall has it.
std::string local_time(SystemTime now) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const std::time_t seconds = since.count() / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", local.tm_hour, local.tm_min, local.tm_sec,
                     since.count() % 1000);
}

// HH:MM:SS.mmm event name=value; a value that could be misread is quoted as JSON, so that no line
// breaks get in.
void append_text(std::string& out, LogLevel level, std::string_view event, Fields fields) {
  out += fmt::format("{} {:5} {}", local_time(RealClock().now()), to_string(level), event);
  for (const LogField& field : fields) {
    const bool plain =
        !field.value.empty() && field.value.find_first_of(" \"\\=") == std::string::npos &&
        std::ranges::none_of(field.value, [](unsigned char c) { return c < 0x20 || c >= 0x7F; });
    out += fmt::format(" {}={}", field.name,
                       plain ? std::string(field.value) : jsonrpc::quote(field.value));
  }
}

void append_json(std::string& out, LogLevel level, std::string_view event, Fields fields) {
  out.append(R"({"time":")").append(to_rfc3339(RealClock().now()));
  out.append(R"(","level":")").append(to_string(level)).append(R"(","event":)");
  jsonrpc::append_quoted(out, event);
  for (const LogField& field : fields) {
    out += ',';
    jsonrpc::append_quoted(out, field.name);
    out += ':';
    jsonrpc::append_quoted(out, field.value);
  }
  out += '}';
}

void append_line(std::string& out, LogStyle style, LogLevel level, std::string_view event,
                 Fields fields) {
  if (style == LogStyle::text) {
    append_text(out, level, event, fields);
  } else {
    append_json(out, level, event, fields);
  }
}

/// A person looks: each line at once, between what the command itself prints.
class TerminalLogger final : public Logger {
 public:
  TerminalLogger(LogLevel level, LogStyle style) : level_(level), style_(style) {}

  bool enabled(LogLevel level) const override { return level >= level_; }

  void write(LogLevel level, std::string_view event, Fields fields) override {
    std::string line;
    append_line(line, style_, level, event, fields);
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t put = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (put <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
  }

 private:
  LogLevel level_;
  LogStyle style_;
};

/// A program reads, or a file is written, or nobody does either.
class QueueLogger final : public Logger {
 public:
  QueueLogger(LogLevel level, LogStyle style, WhenFull when_full)
      : level_(level), style_(style), when_full_(when_full), writer_(settings()) {}

  bool enabled(LogLevel level) const override { return level >= level_; }
  bool behind() const override { return when_full_ == WhenFull::push_back && writer_.behind(); }

  void write(LogLevel level, std::string_view event, Fields fields) override {
    thread_local std::string line;
    line.clear();
    append_line(line, style_, level, event, fields);
    writer_.write(line, level >= LogLevel::warn);
  }

 private:
  net::LogWriter::Settings settings() const {
    net::LogWriter::Settings settings;
    settings.queue_bytes = limits::kLogQueueBytes;
    settings.make_dropped_line = [style = style_](std::uint64_t lines) {
      std::string text;
      append_line(text, style, LogLevel::warn, "log_lines_dropped",
                  {{"lines", std::to_string(lines)}, {"limit", "kLogQueueBytes"}});
      return text;
    };
    return settings;
  }

  LogLevel level_;
  LogStyle style_;
  WhenFull when_full_;
  net::LogWriter writer_;
};

}  // namespace

std::unique_ptr<Logger> make_logger(LogLevel level, LogStyle style, WhenFull when_full) {
  if (::isatty(STDERR_FILENO) != 0) return std::make_unique<TerminalLogger>(level, style);
  return std::make_unique<QueueLogger>(level, style, when_full);
}

}  // namespace gatehouse::app
