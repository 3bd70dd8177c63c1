#include "app/logger.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/clock.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::app {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

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

class SpdLogger final : public Logger {
 public:
  SpdLogger(LogLevel level, LogStyle style)
      : logger_("gatehouse", std::make_shared<spdlog::sinks::stderr_sink_mt>()),
        level_(level),
        style_(style) {
    logger_.set_level(to_spdlog(level));
    logger_.set_pattern(style == LogStyle::text ? "%H:%M:%S.%e %v" : "%v");
    logger_.flush_on(spdlog::level::debug);
  }

  bool enabled(LogLevel level) const override { return level >= level_; }

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    logger_.log(to_spdlog(level),
                style_ == LogStyle::text ? text(level, event, fields) : json(level, event, fields));
  }

 private:
  // name=value; a value that could be misread is quoted as JSON, so that no line breaks get in.
  static std::string text(LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields) {
    std::string line = fmt::format("{:5} {}", to_string(level), event);
    for (const LogField& field : fields) {
      const bool plain =
          !field.value.empty() && field.value.find_first_of(" \"\\=") == std::string::npos &&
          std::ranges::none_of(field.value, [](unsigned char c) { return c < 0x20 || c >= 0x7F; });
      line += fmt::format(" {}={}", field.name, plain ? field.value : jsonrpc::quote(field.value));
    }
    return line;
  }

  static std::string json(LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields) {
    std::string line =
        fmt::format(R"({{"time":"{}","level":"{}","event":{})", to_rfc3339(RealClock().now()),
                    to_string(level), jsonrpc::quote(event));
    for (const LogField& field : fields)
      line += "," + jsonrpc::quote(field.name) + ":" + jsonrpc::quote(field.value);
    return line + "}";
  }

  spdlog::logger logger_;
  LogLevel level_;
  LogStyle style_;
};

}  // namespace

std::unique_ptr<Logger> make_logger(LogLevel level, LogStyle style) {
  return std::make_unique<SpdLogger>(level, style);
}

}  // namespace gatehouse::app
