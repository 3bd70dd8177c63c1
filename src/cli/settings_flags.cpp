#include "cli/settings_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "identity/tool_filter.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, 8> kLogLevels{"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

Result<void> put_globs(const std::vector<std::string>& given, std::string_view flag,
                       std::vector<std::string>& into) {
  if (given.empty()) return {};
  if (given.size() > limits::kToolGlobs)
    return fail(Errc::invalid_argument,
                fmt::format("{} takes at most {} patterns (kToolGlobs)", flag, limits::kToolGlobs));
  for (const std::string& glob : given) {
    if (const Result<void> good = identity::check_glob(glob); !good) {
      Error error = good.error();
      error.detail = fmt::format("{}: {}", flag, error.detail);
      return std::unexpected(error);
    }
  }
  into = given;
  return {};
}

enum class Zero { refused, allowed };

Result<void> put_time(const std::string& given, std::string_view flag, Zero zero,
                      std::optional<milliseconds>& into) {
  if (given.empty()) return {};
  const Result<milliseconds> parsed = parse_duration(given, flag);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->count() == 0 && zero == Zero::refused)
    return fail(Errc::invalid_argument, fmt::format("{} must be longer than nothing", flag));
  into = *parsed;
  return {};
}

Result<void> put_retries(const std::string& given, std::optional<int>& into) {
  if (given.empty()) return {};
  int count = -1;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), count);
  const bool whole = error == std::errc() && end == given.data() + given.size();
  if (!whole || count < 0 || count > limits::kReadRetries) {
    return fail(Errc::invalid_argument,
                fmt::format("--read-retries takes a number from 0 to {}", limits::kReadRetries));
  }
  into = count;
  return {};
}

Result<void> put_roots(const std::vector<std::string>& given, std::vector<std::string>& into) {
  if (given.empty()) return {};
  if (given.size() > limits::kRoots)
    return fail(Errc::invalid_argument,
                fmt::format("--root can be given {} times at most (kRoots)", limits::kRoots));
  std::vector<std::string> roots;
  for (const std::string& text : given) {
    const std::filesystem::path path(text);
    std::error_code error;
    if (!path.is_absolute())
      return fail(Errc::invalid_argument,
                  fmt::format("--root: {} is not an absolute path", quote_remote(text, 120)));
    if (!std::filesystem::is_directory(path, error))
      return fail(Errc::invalid_argument,
                  fmt::format("--root: there is no directory {}", quote_remote(text, 120)));
    roots.push_back(path.lexically_normal().string());
  }
  into = std::move(roots);
  return {};
}

Result<void> put_log_level(const std::string& given, std::string& into) {
  if (given.empty()) return {};
  std::string level = ascii_lower(given);
  if (level == "warn") level = "warning";
  if (std::ranges::find(kLogLevels, level) == kLogLevels.end()) {
    return fail(Errc::invalid_argument,
                fmt::format("--log-level is one of {}", fmt::join(kLogLevels, ", ")));
  }
  into = level;
  return {};
}

Result<void> put_on_change(const std::string& given, vault::OnChange& into) {
  if (given.empty()) return {};
  if (given != "allow" && given != "block")
    return fail(Errc::invalid_argument,
                fmt::format("--on-change is allow or block, not {}", quote_remote(given, 40)));
  into = given == "block" ? vault::OnChange::block : vault::OnChange::allow;
  return {};
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

void add_settings_flags(std::vector<Argument>& arguments, SettingsFlags& f) {
  const std::vector<Argument> flags{
      {"--enable-tools", "Only tools that fit this pattern (* and ?); repeatable", &f.enable_tools},
      {"--exclude-tools", "No tool that fits this pattern; wins; repeatable", &f.exclude_tools},
      {"--connect-timeout", "For TCP and TLS, or a command's start: 10s, 500ms, 2m",
       &f.connect_timeout},
      {"--request-timeout", "For one call or page of a list, without progress: 60s",
       &f.request_timeout},
      {"--idle-timeout", "Close it when unused for so long: 10m; 0: never", &f.idle_timeout},
      {"--read-retries", "Repeat failed calls of tools that only read so often (0)",
       &f.read_retries},
      {"--root", "Directory that the server may know of; repeatable", &f.roots},
      {"--log-level", "Log messages to ask the server for: debug, info, warning, error …",
       &f.log_level},
      {"--on-change", "A tool its server changed later: allow (shown), or block until approved",
       &f.on_change},
  };
  arguments.insert(arguments.end(), flags.begin(), flags.end());
}

Result<void> apply_settings(const SettingsFlags& flags, vault::ConnectionOptions& options) {
  const std::array<Result<void>, 9> done{
      put_globs(flags.enable_tools, "--enable-tools", options.tools.include),
      put_globs(flags.exclude_tools, "--exclude-tools", options.tools.exclude),
      put_time(flags.connect_timeout, "--connect-timeout", Zero::refused, options.connect_timeout),
      put_time(flags.request_timeout, "--request-timeout", Zero::refused, options.request_timeout),
      put_time(flags.idle_timeout, "--idle-timeout", Zero::allowed, options.idle_timeout),
      put_retries(flags.read_retries, options.read_retries),
      put_roots(flags.roots, options.roots),
      put_log_level(flags.log_level, options.log_level),
      put_on_change(flags.on_change, options.on_change)};
  for (const Result<void>& one : done) {
    if (!one) return one;
  }
  return {};
}

const std::vector<std::string>& resettable_settings() {
  static const std::vector<std::string> names{
      "tools",        "enable-tools", "exclude-tools", "connect-timeout", "request-timeout",
      "idle-timeout", "read-retries", "roots",         "log-level",       "on-change"};
  return names;
}

Result<void> reset_setting(std::string_view name, vault::ConnectionOptions& options) {
  const vault::ConnectionOptions fresh;
  if (name == "tools" || name == "enable-tools") options.tools.include = fresh.tools.include;
  if (name == "tools" || name == "exclude-tools") options.tools.exclude = fresh.tools.exclude;
  if (name == "connect-timeout") options.connect_timeout = fresh.connect_timeout;
  if (name == "request-timeout") options.request_timeout = fresh.request_timeout;
  if (name == "idle-timeout") options.idle_timeout = fresh.idle_timeout;
  if (name == "read-retries") options.read_retries = fresh.read_retries;
  if (name == "roots") options.roots = fresh.roots;
  if (name == "log-level") options.log_level = fresh.log_level;
  if (name == "on-change") options.on_change = fresh.on_change;
  if (std::ranges::find(resettable_settings(), name) != resettable_settings().end()) return {};
  return fail(Errc::invalid_argument,
              fmt::format("--reset: there is no setting {}", quote_remote(name, 40)),
              fmt::format("one of {}", fmt::join(resettable_settings(), ", ")));
}

Result<milliseconds> parse_duration(std::string_view text, std::string_view flag) {
  const auto wrong = [&](std::string_view why) {
    return fail(Errc::invalid_argument, fmt::format("{} {}: {}", flag, why, quote_remote(text, 40)),
                "write it as 500ms, 10s, 2m or 1h");
  };
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return wrong("takes a time");
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  std::int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (factor == 0 && !(unit.empty() && number == 0)) return wrong("takes a time with its unit");
  const std::int64_t most = milliseconds(limits::kOptionTimeoutMax).count();
  if (factor != 0 && number > most / factor) return wrong("is more than 24h");
  return milliseconds(number * factor);
}

std::string duration_text(milliseconds duration) {
  if (duration % 1h == 0ms && duration.count() != 0)
    return fmt::format("{}h", duration.count() / 3'600'000);
  if (duration % 1min == 0ms && duration.count() != 0)
    return fmt::format("{}m", duration.count() / 60'000);
  if (duration % 1s == 0ms) return fmt::format("{}s", duration.count() / 1000);
  return fmt::format("{}ms", duration.count());
}

std::vector<std::pair<std::string, std::string>> settings_facts(
    const vault::ConnectionOptions& options) {
  const auto time = [](const std::optional<milliseconds>& value) {
    return value ? duration_text(*value) : std::string();
  };
  return {{"enabled", options.enabled ? "" : "no"},
          {"only tools", joined(options.tools.include)},
          {"excluded tools", joined(options.tools.exclude)},
          {"connect timeout", time(options.connect_timeout)},
          {"request timeout", time(options.request_timeout)},
          {"idle timeout", options.idle_timeout && options.idle_timeout->count() == 0
                               ? "never closed"
                               : time(options.idle_timeout)},
          {"read retries", options.read_retries ? std::to_string(*options.read_retries) : ""},
          {"roots", joined(options.roots)},
          {"log level", options.log_level},
          {"changed tools",
           options.on_change == vault::OnChange::block ? "blocked until approved" : ""}};
}

JsonObject settings_json(const vault::ConnectionOptions& options) {
  const auto time = [](const std::optional<milliseconds>& value) {
    return value ? std::to_string(value->count()) : std::string("null");
  };
  JsonObject tools;
  tools.texts("include", options.tools.include).texts("exclude", options.tools.exclude);
  JsonObject json;
  json.flag("enabled", options.enabled).raw("tools", tools.str());
  json.raw("connect_timeout_ms", time(options.connect_timeout));
  json.raw("request_timeout_ms", time(options.request_timeout));
  json.raw("idle_timeout_ms", time(options.idle_timeout));
  json.raw("read_retries", options.read_retries ? std::to_string(*options.read_retries) : "null");
  json.texts("roots", options.roots);
  json.raw("log_level", options.log_level.empty() ? "null" : "\"" + options.log_level + "\"");
  json.text("on_change", options.on_change == vault::OnChange::block ? "block" : "allow");
  return json;
}

}  // namespace gatehouse::cli
