// The open server: small tools that need no account.
#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "demo/arithmetic.hpp"
#include "demo/tool_sets.hpp"

namespace gatehouse::demo {
namespace {

constexpr std::string_view kCalculate = R"json({
  "name": "calculate", "title": "Calculator",
  "description": "Evaluates an arithmetic expression with + - * / ^ and parentheses.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["expression"],
    "properties": {"expression": {"type": "string", "minLength": 1, "maxLength": 500,
      "examples": ["2 * (3 + 4) ^ 2"]}}},
  "outputSchema": {"type": "object", "required": ["value"], "properties": {"value": {"type": "number"}}},
  "annotations": {"readOnlyHint": true, "idempotentHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kWeather = R"json({
  "name": "get_weather", "title": "Weather of an imaginary day",
  "description": "Returns made-up weather for a city and date: always the same for the same question.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["city"],
    "properties": {
      "city": {"type": "string", "minLength": 1, "maxLength": 100},
      "date": {"type": "string", "format": "date", "description": "Such as 2026-07-28"},
      "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}},
  "annotations": {"readOnlyHint": true, "idempotentHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kEcho = R"json({
  "name": "echo", "title": "Echo",
  "description": "Returns the text it was given.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["text"],
    "properties": {"text": {"type": "string", "maxLength": 100000}}},
  "annotations": {"readOnlyHint": true, "idempotentHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kCountdown = R"json({
  "name": "countdown", "title": "Countdown",
  "description": "Counts down once a second, reports progress on the way, and can be cancelled.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["from"],
    "properties": {"from": {"type": "integer", "minimum": 0, "maximum": 60},
      "tick_ms": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

Task<ToolResult> run_calculate(void*, ToolCall call) {
  const auto value = evaluate(*call.arguments.string("expression"));
  if (!value) co_return tool_error("This cannot be calculated: " + value.error().detail + ".");
  co_return ToolResult{fmt::format("{}", *value), fmt::format("{{\"value\":{}}}", *value)};
}

Task<ToolResult> run_weather(void*, ToolCall call) {
  constexpr std::array<std::string_view, 5> kSkies{"clear", "cloudy", "rain", "fog", "snow"};
  const std::string city = *call.arguments.string("city");
  const std::string date = call.arguments.string("date").value_or("2026-07-28");
  const std::string digest = sha256(ascii_lower(city) + "/" + date);
  const auto byte = [&digest](std::size_t i) { return static_cast<unsigned char>(digest[i]); };
  const std::string_view sky = kSkies[byte(0) % kSkies.size()];
  int degrees = sky == "snow" ? -10 + byte(1) % 11 : 5 + byte(1) % 25;
  const bool fahrenheit = call.arguments.string("unit") == "fahrenheit";
  if (fahrenheit) degrees = degrees * 9 / 5 + 32;
  co_return ToolResult{
      fmt::format("{} on {}: {}, {} °{} (imaginary)", city, date, sky, degrees,
                  fahrenheit ? 'F' : 'C'),
      fmt::format(R"({{"city":{},"date":{},"sky":"{}","temperature":{},"unit":"{}"}})",
                  jsonrpc::quote(city), jsonrpc::quote(date), sky, degrees,
                  fahrenheit ? "fahrenheit" : "celsius")};
}

Task<ToolResult> run_echo(void*, ToolCall call) {
  co_return ToolResult{*call.arguments.string("text")};
}

Task<ToolResult> run_countdown(void*, ToolCall call) {
  const int from = static_cast<int>(*call.arguments.integer("from"));
  const std::chrono::milliseconds tick(call.arguments.integer("tick_ms").value_or(1000));
  for (int left = from; left > 0; --left) {
    co_await call.progress(from - left, from, fmt::format("{} to go", left));
    if (!co_await call.pause(tick)) co_return tool_error("Cancelled.");
  }
  co_return ToolResult{"Lift-off!"};
}

}  // namespace

Task<ToolResult> run_whoami(void*, ToolCall call) {
  const DemoCaller& who = call.caller;
  if (who.user_id.empty()) co_return ToolResult{"You are not signed in; this server is open."};
  std::string scopes;
  for (const std::string& scope : who.scopes) {
    scopes.append(scopes.empty() ? "" : " ").append(scope);
  }
  co_return ToolResult{fmt::format("You are {} ({}), with {}.", who.user_name, who.user_id, scopes),
                       fmt::format(R"({{"user":{},"name":{},"scope":{},"client":{}}})",
                                   jsonrpc::quote(who.user_id), jsonrpc::quote(who.user_name),
                                   jsonrpc::quote(scopes), jsonrpc::quote(who.client_id))};
}

std::vector<DemoTool> common_tools() {
  return {
      {"calculate", std::string(kCalculate), "", run_calculate},
      {"get_weather", std::string(kWeather), "", run_weather},
      {"echo", std::string(kEcho), "", run_echo},
      {"countdown", std::string(kCountdown), "", run_countdown},
      {"whoami", std::string(kWhoami), "", run_whoami},
  };
}

}  // namespace gatehouse::demo
