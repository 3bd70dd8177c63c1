// Elicitation (client/elicitation; SEP-1034 defaults, E-1): reading the request, completing the
// person's answer. Pure. Used by terminals and by the gateway.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::mcp {

enum class ElicitationMode { form, url };

/// One field of a form's flat requestedSchema.
struct ElicitationField {
  enum class Type { string, number, integer, boolean, choice, choices };
  std::string name;
  Type type = Type::string;
  std::string title;
  std::string description;
  std::string format;  ///< of strings: email, uri, date, …
  bool required = false;
  std::vector<std::pair<std::string, std::string>> options;  ///< value and title of choices
  std::string default_value;                                 ///< raw JSON; empty when none
  std::string schema;                                        ///< raw, to validate an answer
};

struct Elicitation {
  ElicitationMode mode = ElicitationMode::form;
  std::string message;                   ///< the server's words: untrusted
  std::string url;                       ///< url mode
  std::string elicitation_id;            ///< 2025-11-25 url mode; empty otherwise
  std::vector<ElicitationField> fields;  ///< form mode
  std::string requested_schema;          ///< raw; form mode
};

/// From the raw params of elicitation/create. Errors: protocol.
Result<Elicitation> parse_elicitation(std::string_view raw_params);

/// {"action":"accept","content":{…}} with `content` (raw object; empty: none) completed by the
/// defaults of the schema for members that are absent. Url mode has no content.
std::string make_accept(const Elicitation& elicitation, std::string_view content = {});
/// {"action":"decline"} or {"action":"cancel"}.
std::string make_decline();
std::string make_cancel();

}  // namespace gatehouse::mcp
