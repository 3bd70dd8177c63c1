// Multi round-trip requests (patterns/mrtr; R-1 … R-6): reading `input_required`, building the
// retry. `requestState` is opaque and travels byte for byte. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "mcp/request.hpp"

namespace gatehouse::mcp {

enum class ResultType { complete, input_required, task, unknown };

/// Of a proved raw result; absent means complete (B-3).
ResultType result_type(std::string_view raw_result);

struct InputRequest {
  std::string key;     ///< chosen by the server
  std::string method;  ///< elicitation/create, sampling/createMessage, roots/list
  std::string params;  ///< raw object; empty when absent
};

struct InputRequired {
  std::vector<InputRequest> requests;
  std::string request_state;  ///< raw JSON string literal, as sent; empty when none was given
};

/// From a proved raw result of type input_required. Errors: protocol (neither inputRequests nor
/// requestState, or of the wrong kind).
Result<InputRequired> parse_input_required(std::string_view raw_result);

/// The members to add to the retry's params, with a leading comma: `,"inputResponses":{…}` (when
/// there were requests) and `,"requestState":"…"` (when one was given). `responses`: key and raw
/// JSON result, of this round only.
std::string make_retry_members(const InputRequired& asked,
                               const std::vector<std::pair<std::string, std::string>>& responses);

/// The raw `inputRequests` member of one request, for servers: {"method":…,"params":…}.
std::string make_input_request(std::string_view method, std::string_view raw_params);

}  // namespace gatehouse::mcp
