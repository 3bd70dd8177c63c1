// Standard and custom request headers of Streamable HTTP (SEP-2243; H-1 … H-10): the base64
// sentinel, the rules for x-mcp-header in a tool's inputSchema, and which Mcp-Param-* headers a
// call's arguments make. Used by mcp_client to send and by mcp_server to check. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::mcp {

/// `value` as it may stand in a header: itself, or =?base64?…?= when it is not plain visible ASCII
/// with inner spaces and tabs, or looks like a sentinel itself (H-5).
std::string encode_header_value(std::string_view value);
/// Undoes it. Half a sentinel or another case is literal text. Errors: protocol for bad base64 or
/// bytes that are no UTF-8 (answered as -32020).
Result<std::string> decode_header_value(std::string_view value);

/// The annotated parameters of one tool.
struct HeaderPlan {
  enum class Type { integer, string, boolean };
  struct Parameter {
    std::vector<std::string> path;  ///< member names from the root of `arguments`
    std::string header;             ///< "Mcp-Param-Region"
    Type type = Type::string;
  };
  std::vector<Parameter> parameters;
  bool empty() const { return parameters.empty(); }
};

/// From a proved raw inputSchema. Errors: invalid_argument naming the rule of H-6 that is broken.
Result<HeaderPlan> parse_header_plan(std::string_view raw_input_schema);

struct ParamHeader {
  std::string name;
  std::string value;  ///< encoded
};

/// The headers for proved raw `arguments` (empty: none): absent and null arguments are omitted, as
/// are objects and arrays; integral numbers are written without fraction (H-7).
std::vector<ParamHeader> make_param_headers(const HeaderPlan& plan, std::string_view arguments);

/// The raw value that `parameter` mirrors, of proved raw `arguments` (empty: none); empty when it
/// is absent, null, or nothing that a header repeats.
std::string_view find_argument(const HeaderPlan::Parameter& parameter, std::string_view arguments);

/// Whether a received header value means the same as the raw JSON value from the body: strings
/// byte for byte after decoding, integers numerically (42.0 = 42), booleans by name (H-4).
bool header_matches(std::string_view header_value, std::string_view raw_value);

}  // namespace gatehouse::mcp
