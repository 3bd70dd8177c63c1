// The options of an entry: what is used of a server, and how. They become vault::ConnectionOptions.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "config/mcp_entry_json.hpp"

namespace gatehouse::config {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::array<std::string_view, 8> kLogLevels{"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};
constexpr int kMostRetries = 5;

/// 1500 (milliseconds), "1500ms", "90s", "10m", "2h".
std::optional<milliseconds> parse_duration(const jsonrpc::JsonView& value) {
  if (const std::optional<std::int64_t> number = value.as_int()) return milliseconds(*number);
  const std::optional<std::string> text = value.as_string();
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text->data() + text->size() - end));
  if (unit == "ms" || unit.empty()) return milliseconds(number);
  if (unit == "s") return number * 1s;
  if (unit == "m" || unit == "min") return number * 1min;
  if (unit == "h") return number * 1h;
  return std::nullopt;
}

}  // namespace

void EntryReader::read_enabled(std::string_view name, const View& value) {
  const std::optional<bool> flag = value.as_bool();
  if (!flag) return refuse(fmt::format("{} is neither true nor false", name));
  // Either spelling can switch it off.
  if (*flag == (name == "disabled")) entry_.connection.options.enabled = false;
}

void EntryReader::read_allow_private(std::string_view name, const View& value) {
  const std::optional<bool> flag = value.as_bool();
  if (!flag) return refuse(fmt::format("{} is neither true nor false", name));
  entry_.allow_private = *flag;
}

void EntryReader::read_tools(std::string_view name, const View& value) {
  vault::ToolFilter& tools = entry_.connection.options.tools;
  if (value.is_array()) {  // a plain list is what to include, as some agents have it
    tools.include = texts(name, value);
    return;
  }
  if (!value.is_object())
    return refuse(fmt::format("{} is not an object with include and exclude", name));
  for (const jsonrpc::JsonMember& member : value.members()) {
    if (member.is("include")) {
      tools.include = texts("tools.include", member.value);
    } else if (member.is("exclude")) {
      tools.exclude = texts("tools.exclude", member.value);
    } else {
      // A filter that is misread lets through what was meant to stay out.
      refuse(
          fmt::format("tools knows include and exclude, not {}", quote_remote(member.key(), 60)));
    }
  }
}

void EntryReader::read_timeout(std::string_view name, const View& value) {
  const std::optional<milliseconds> time = parse_duration(value);
  const bool idle = name == "idle";
  const bool good = time && *time <= (idle ? 24h : 1h) && *time >= (idle ? 0ms : 1ms);
  if (!good) {
    return refuse(fmt::format("{} is no time from {} to {}", name, idle ? "0" : "1 ms",
                              idle ? "24 h" : "1 h"),
                  "milliseconds, or a text such as \"90s\" or \"10m\"");
  }
  vault::ConnectionOptions& options = entry_.connection.options;
  if (idle)
    options.idle_timeout = time;
  else if (name == "connect")
    options.connect_timeout = time;
  else
    options.request_timeout = time;
}

void EntryReader::read_timeouts(std::string_view name, const View& value) {
  if (!value.is_object())
    return refuse(fmt::format("{} is not an object with connect, request and idle", name));
  for (const jsonrpc::JsonMember& member : value.members()) {
    const std::string which = member.key();
    if (which == "connect" || which == "request" || which == "idle") {
      read_timeout(which, member.value);
    } else {
      warn(fmt::format("the field timeouts.{} is not known here and has no effect",
                       quote_remote(which, 60)));
    }
  }
}

void EntryReader::read_retries(std::string_view name, const View& value) {
  const std::optional<std::int64_t> number = value.as_int();
  if (!number || *number < 0 || *number > kMostRetries)
    return refuse(fmt::format("{} is no number from 0 to {}", name, kMostRetries));
  entry_.connection.options.read_retries = static_cast<int>(*number);
}

void EntryReader::read_roots(std::string_view name, const View& value) {
  for (std::string& root : texts(name, value)) {
    if (root.starts_with("file://")) {
      const std::optional<std::string> path = percent_decode(std::string_view(root).substr(7));
      root = path.value_or("");
    }
    if (root == "~" || root.starts_with("~/")) root = place_.home + root.substr(1);
    const bool text = root.find('\0') == std::string::npos && is_utf8(root);
    if (!root.starts_with("/") || !text)
      return refuse("roots: a root is an absolute directory",
                    "such as ${workspaceFolder} or /home/me/notes");
    entry_.connection.options.roots.push_back(std::move(root));
  }
}

void EntryReader::read_log_level(std::string_view name, const View& value) {
  std::string level = ascii_lower(value.as_string().value_or(""));
  if (level == "warn") level = "warning";
  if (std::ranges::find(kLogLevels, level) == kLogLevels.end()) {
    warn(fmt::format("{} is none of {} and has no effect", name, fmt::join(kLogLevels, ", ")));
    return;
  }
  entry_.connection.options.log_level = level;
}

// Misread, it would let through what was meant to wait.
void EntryReader::read_on_change(std::string_view name, const View& value) {
  if (!value.equals("allow") && !value.equals("block"))
    return refuse(fmt::format("{} is neither \"allow\" nor \"block\"", name));
  entry_.connection.options.on_change =
      value.equals("block") ? vault::OnChange::block : vault::OnChange::allow;
}

}  // namespace gatehouse::config
