// The flags that change how a connection is used (vault::ConnectionOptions): the same for `add` and
// `edit`. Pure but for looking whether a directory exists.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/json_out.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

struct SettingsFlags {
  std::vector<std::string> enable_tools;
  std::vector<std::string> exclude_tools;
  std::string connect_timeout;
  std::string request_timeout;
  std::string idle_timeout;
  std::string read_retries;
  std::vector<std::string> roots;
  std::string log_level;
  std::string on_change;

  friend bool operator==(const SettingsFlags&, const SettingsFlags&) = default;
};

void add_settings_flags(std::vector<Argument>& arguments, SettingsFlags& flags);

/// What was given replaces what is there; a list replaces the whole list. Errors: invalid_argument,
/// naming the flag.
Result<void> apply_settings(const SettingsFlags& flags, vault::ConnectionOptions& options);

/// Names for `--reset`: "tools", "connect-timeout", … as without the dashes.
const std::vector<std::string>& resettable_settings();
/// Errors: invalid_argument, naming those there are.
Result<void> reset_setting(std::string_view name, vault::ConnectionOptions& options);

/// "10s", "500ms", "2m", "1h", "0"; at most kOptionTimeoutMax. Errors: invalid_argument, beginning
/// with `flag`.
Result<std::chrono::milliseconds> parse_duration(std::string_view text, std::string_view flag);
/// The same the other way: "1m30s" is "90s".
std::string duration_text(std::chrono::milliseconds duration);

/// Name and value of what differs from the built-in, for people.
std::vector<std::pair<std::string, std::string>> settings_facts(
    const vault::ConnectionOptions& options);
/// All of them, for programs; times in milliseconds, null where built in.
JsonObject settings_json(const vault::ConnectionOptions& options);

}  // namespace gatehouse::cli
