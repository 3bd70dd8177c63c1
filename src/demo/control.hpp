// The control endpoint of the demo, for tests in other processes: GET tells counters, POST changes
// what goes wrong. Only served with DemoSettings::test_control.
#pragma once

#include <chrono>
#include <optional>

#include "demo/fault_plan.hpp"
#include "http/message.hpp"
#include "oauth_server/context.hpp"

namespace gatehouse::demo {

/// What one POST asks for.
struct ControlRequest {
  bool clear = false;  ///< forget all faults first
  std::optional<Fault> fault;
  std::optional<std::chrono::seconds> access_token_life;
};

/// {"clear":true,"fail":{"step":"token","kind":"lost","skip":0,"count":1},
///  "access_token_seconds":5}, each member optional. Errors: invalid_argument, naming the member.
Result<ControlRequest> parse_control_request(std::string_view body);

/// {"counters":{…},"reached":{step: n},"failed":n,"pending":bool}
std::string describe_state(const oauth_server::Counters& counters, const FaultPlan& faults);

}  // namespace gatehouse::demo
