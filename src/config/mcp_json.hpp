// mcp.json: MCP servers as Claude, Cursor (`mcpServers`) and VS Code (`servers`) write them down,
// and options of ours. Reading only: what an entry says, checked and in our words; which file
// counts and when stands in layers.hpp. Untrusted input: bounded; one broken entry hides no other;
// texts for people never hold a value. docs/mcp-json.md describes the format. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "vault/records.hpp"

namespace gatehouse::config {

/// Where the file stands, for `${workspaceFolder}`, `${userHome}` and relative directories.
struct FilePlace {
  std::string workspace;  ///< absolute; of a global file the home directory
  std::string home;       ///< absolute
};

/// One server of the file.
struct FileEntry {
  std::string name;     ///< ours: [a-z0-9][a-z0-9_-]{0,31}
  std::string written;  ///< as in the file
  int line = 0;
  /// Why it cannot be used, for people; `connection` is then incomplete.
  std::optional<Error> problem;
  std::vector<std::string> warnings;  ///< each a sentence without a full stop
  /// What it says. `url`, the words of `command` and `directory` are texts with placeholders
  /// (placeholder.hpp), as are references of headers and environment; literal values of those are
  /// in `value`. Id, organization and origin are left to the caller.
  vault::Connection connection;
  bool allow_private = false;  ///< its URL may lead into a private network or be plain http
  std::string digest;  ///< hex SHA-256 of what an approval covers: all that decides what is run,
                       ///< contacted or sent
  std::string rest;    ///< hex SHA-256 of the other options
};

struct Document {
  std::vector<FileEntry> entries;     ///< in the file's order
  std::vector<std::string> warnings;  ///< about the file itself
};

inline constexpr std::size_t kFileBytes = 1024 * 1024;
inline constexpr std::size_t kEntries = 500;

/// Errors: parse, with line and column; too_large. What concerns one entry is in that entry.
Result<Document> parse_mcp_json(std::string_view text, const FilePlace& place);

/// Headers that the transport makes itself: Host, Accept, Content-Type, MCP-*, … Errors:
/// invalid_argument, naming it.
Result<void> check_header_name(std::string_view name);

/// True when what is called so is most likely a secret.
bool is_secret_name(std::string_view name);
/// True when its last word says so (API_KEY, X-Auth-Token): narrow, because the value of such a
/// name is not shown to whom is asked for approval.
bool ends_in_secret_word(std::string_view name);

/// Every field that an entry and its oauth block may have, for the documentation's test.
std::vector<std::string_view> known_fields();

/// An entry's name as a connection's: lower case, other characters as "-". Empty when nothing is
/// left of it.
std::string connection_name(std::string_view written);

}  // namespace gatehouse::config
