#include "demo/control.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"

namespace gatehouse::demo {
namespace {

using jsonrpc::JsonView;

constexpr std::int64_t kMostRequests = 1'000'000;
constexpr std::int64_t kLongestLife = 365L * 24 * 3600;

Result<int> count_member(const JsonView& object, std::string_view name, int otherwise) {
  if (!object.find(name)) return otherwise;
  const auto value = object.integer(name);
  if (!value || *value < 0 || *value > kMostRequests) {
    return fail(Errc::invalid_argument, fmt::format("fail.{} must be a count", name));
  }
  return static_cast<int>(*value);
}

Result<Fault> parse_fault(const JsonView& object) {
  const auto step = parse_step(object.string("step").value_or(""));
  const auto kind = parse_fault_kind(object.string("kind").value_or(""));
  if (!step) return fail(Errc::invalid_argument, "fail.step names no step");
  if (!kind) return fail(Errc::invalid_argument, "fail.kind must be error, drop, lost or stall");
  const auto skip = count_member(object, "skip", 0);
  if (!skip) return std::unexpected(skip.error());
  const auto count = count_member(object, "count", 1);
  if (!count) return std::unexpected(count.error());
  return Fault{*step, *kind, *skip, *count};
}

}  // namespace

Result<ControlRequest> parse_control_request(std::string_view body) {
  const auto document = JsonView::parse(body, "the control request");
  if (!document || !document->is_object()) {
    return fail(Errc::invalid_argument, "the body must be a JSON object");
  }
  ControlRequest request;
  for (const jsonrpc::JsonMember& member : document->members()) {
    if (member.is("clear")) {
      request.clear = member.value.as_bool().value_or(false);
    } else if (member.is("fail")) {
      auto fault = parse_fault(member.value);
      if (!fault) return std::unexpected(fault.error());
      request.fault = *fault;
    } else if (member.is("access_token_seconds")) {
      const auto seconds = member.value.as_int();
      if (!seconds || *seconds < 0 || *seconds > kLongestLife) {
        return fail(Errc::invalid_argument, "access_token_seconds must be a number of seconds");
      }
      request.access_token_life = std::chrono::seconds(*seconds);
    } else {
      return fail(Errc::invalid_argument, "unknown member " + quote_remote(member.key(), 60));
    }
  }
  return request;
}

std::string describe_state(const oauth_server::Counters& counters, const FaultPlan& faults) {
  const std::pair<std::string_view, std::uint64_t> named[] = {
      {"clients_registered", counters.clients_registered},
      {"consents_shown", counters.consents_shown},
      {"codes_issued", counters.codes_issued},
      {"code_replays", counters.code_replays},
      {"access_tokens_issued", counters.access_tokens_issued},
      {"refresh_tokens_issued", counters.refresh_tokens_issued},
      {"refresh_tokens_consumed", counters.refresh_tokens_consumed},
      {"refresh_reuse_detected", counters.refresh_reuse_detected},
      {"grants_revoked", counters.grants_revoked},
  };
  std::string out = "{\"counters\":{";
  for (const auto& [name, value] : named) {
    out += fmt::format("{}\"{}\":{}", out.back() == '{' ? "" : ",", name, value);
  }
  out += "},\"reached\":{";
  for (std::size_t i = 0; i < kSteps; ++i) {
    const Step step = static_cast<Step>(i);
    out += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", to_string(step), faults.reached(step));
  }
  return out + fmt::format("}},\"failed\":{},\"pending\":{}}}", faults.failed(), !faults.empty());
}

}  // namespace gatehouse::demo
