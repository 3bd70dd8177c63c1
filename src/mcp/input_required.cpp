#include "mcp/input_required.hpp"

#include "jsonrpc/json.hpp"

namespace gatehouse::mcp {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

ResultType result_type(std::string_view raw_result) {
  const auto type = JsonView::of_proved(raw_result).find("resultType");
  if (!type || type->equals("complete")) return ResultType::complete;
  if (type->equals("input_required")) return ResultType::input_required;
  if (type->equals("task")) return ResultType::task;
  return ResultType::unknown;
}

Result<InputRequired> parse_input_required(std::string_view raw_result) {
  const JsonView result = JsonView::of_proved(raw_result);
  InputRequired asked;
  if (const auto state = result.find("requestState")) {
    if (!state->is_string()) return fail(Errc::protocol, "requestState is no string");
    asked.request_state = state->raw();
  }
  const auto requests = result.find("inputRequests");
  if (requests && !requests->is_object()) {
    return fail(Errc::protocol, "inputRequests is no object");
  }
  if (requests) {
    for (const JsonMember& member : requests->members()) {
      const auto method = member.value.string("method");
      const auto params = member.value.find("params");
      if (!method || (params && !params->is_object())) {
        return fail(Errc::protocol, "an input request has no method, or params that are no object");
      }
      asked.requests.push_back(
          {member.key(), *method, params ? std::string(params->raw()) : std::string()});
    }
  }
  if (!requests && asked.request_state.empty()) {
    return fail(Errc::protocol, "input_required carries neither inputRequests nor requestState");
  }
  return asked;
}

std::string make_retry_members(const InputRequired& asked,
                               const std::vector<std::pair<std::string, std::string>>& responses) {
  std::string members;
  if (!asked.requests.empty()) {
    members += R"(,"inputResponses":{)";
    bool first = true;
    for (const auto& [key, response] : responses) {
      if (!first) members += ',';
      first = false;
      jsonrpc::append_quoted(members, key);
      members.append(":").append(response);
    }
    members += '}';
  }
  if (!asked.request_state.empty()) {
    members.append(R"(,"requestState":)").append(asked.request_state);
  }
  return members;
}

std::string make_input_request(std::string_view method, std::string_view raw_params) {
  std::string out = R"({"method":)";
  jsonrpc::append_quoted(out, method);
  if (!raw_params.empty()) out.append(R"(,"params":)").append(raw_params);
  out += '}';
  return out;
}

}  // namespace gatehouse::mcp
