#include "app/logger.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

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
    logger_.set_level(spdlog::level::debug);
    logger_.set_pattern(style == LogStyle::text ? "%H:%M:%S.%e %v" : "%v");
    logger_.flush_on(spdlog::level::debug);
  }
  ~SpdLogger() override {
    flusher_ = {};
    flush();
  }

  bool enabled(LogLevel level) const override { return level >= level_; }

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    if (style_ == LogStyle::text) {
      logger_.log(to_spdlog(level), text(level, event, fields));
    } else {
      collect(level, event, fields);
    }
  }

 private:
  /// One line per call is one system call per call: lines for programs leave together, at the
  /// latest after kLinger (which is what a crash may cost, design §6), problems at once.
  void collect(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    const std::lock_guard lock(mutex_);
    if (!pending_.empty()) pending_ += '\n';
    append_json(pending_, level, event, fields);
    if (level >= LogLevel::warn || pending_.size() >= kBatchBytes) return write_pending();
    if (scheduled_) return;
    scheduled_ = true;
    if (!flusher_.joinable())
      flusher_ = std::jthread([this](const std::stop_token& stop) { run_flusher(stop); });
    changed_.notify_one();
  }

  void run_flusher(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return scheduled_; })) {
      changed_.wait_for(lock, stop, kLinger, [] { return false; });
      scheduled_ = false;
      write_pending();
    }
  }

  void flush() {
    const std::lock_guard lock(mutex_);
    write_pending();
  }

  void write_pending() {
    if (pending_.empty()) return;
    logger_.log(spdlog::level::info, std::string_view(pending_));
    pending_.clear();
  }

  // name=value; a value that could be misread is quoted as JSON, so that no line breaks get in.
  static std::string text(LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields) {
    std::string line = fmt::format("{:5} {}", to_string(level), event);
    for (const LogField& field : fields) {
      const bool plain =
          !field.value.empty() && field.value.find_first_of(" \"\\=") == std::string::npos &&
          std::ranges::none_of(field.value, [](unsigned char c) { return c < 0x20 || c >= 0x7F; });
      line += fmt::format(" {}={}", field.name,
                          plain ? std::string(field.value) : jsonrpc::quote(field.value));
    }
    return line;
  }

  static void append_json(std::string& out, LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields) {
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

  static constexpr std::size_t kBatchBytes = 64 * 1024;
  static constexpr std::chrono::milliseconds kLinger{100};

  spdlog::logger logger_;
  LogLevel level_;
  LogStyle style_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string pending_;
  bool scheduled_ = false;  ///< somebody will write what is pending
  std::jthread flusher_;    ///< started by the first line that may wait
};

}  // namespace

std::unique_ptr<Logger> make_logger(LogLevel level, LogStyle style) {
  return std::make_unique<SpdLogger>(level, style);
}

}  // namespace gatehouse::app
