// The two tools agents see, as JSON: definitions, search answers and the texts that tell a model
// what to do next. Pure; words here are read by models, so they are an API (prior art: trap 54).
// Upstream texts are untrusted: bounded, invisible characters made visible, always attributed to
// their connection.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "catalog/index.hpp"

namespace gatehouse::gateway {

inline constexpr std::string_view kSearchTool = "search_capabilities";
inline constexpr std::string_view kExecuteTool = "execute_capability";

/// A connection as the tool description and search answers show it.
struct ConnectionNote {
  std::string name;
  std::string state;  ///< as vault::to_string(Standing)
  std::string title;  ///< the server's own name; untrusted; may be empty
  std::size_t tools = 0;
  std::set<std::string, std::less<>> blocked = {};  ///< tools that wait for a person's approval
};

/// `"tools":[…]` with exactly two tools, in a fixed order. The search tool's description lists the
/// servers there are.
std::string tool_list_members(std::span<const ConnectionNote> connections);

enum class Detail { brief, full };

struct SearchQuery {
  std::string query;
  std::size_t limit = 10;
  Detail detail = Detail::brief;
  std::string connection;  ///< empty: all
};

/// From the raw arguments of search_capabilities. Errors: invalid_argument naming the argument, its
/// problem and the way out.
Result<SearchQuery> parse_search_query(std::string_view arguments);

struct ExecuteCommand {
  std::string name;
  std::string_view arguments;  ///< raw JSON object, borrowed; "{}" when absent or null
};

Result<ExecuteCommand> parse_execute_command(std::string_view arguments);

/// The text of a search answer: a JSON document. `states` are the connections that are not ready
/// and belong to the answer.
std::string search_answer(const SearchQuery& query, std::span<const catalog::Hit> hits,
                          std::span<const ConnectionNote> connections);

/// Members of a tools/call result with one text block.
std::string text_result_members(std::string_view text, bool is_error);

/// Parameters of an input schema in one line: `query: string, limit?: integer`.
std::string parameter_signature(std::string_view input_schema);

/// Untrusted text for a model or a terminal: at most `max_bytes`, on one line, control and
/// invisible characters shown as \u{…}.
std::string visible_text(std::string_view text, std::size_t max_bytes);

}  // namespace gatehouse::gateway
