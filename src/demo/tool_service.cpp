#include "demo/tool_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "async/timer.hpp"

namespace gatehouse::demo {
namespace {

using jsonrpc::JsonView;
using mcp_server::Reply;

Reply make_reply(const ToolResult& result) {
  Reply::Result reply;
  reply.members = R"("content":[{"type":"text","text":)";
  jsonrpc::append_quoted(reply.members, result.text);
  reply.members += "}]";
  if (!result.structured.empty()) {
    reply.members.append(",\"structuredContent\":").append(result.structured);
  }
  reply.members += result.is_error ? ",\"isError\":true" : ",\"isError\":false";
  return Reply{std::move(reply)};
}

/// RFC 6750 §3.1: every scope the operation needs, in one challenge (reference Z-2).
Reply insufficient_scope(const DemoCaller& caller, const std::string& scope) {
  const std::string description = "this tool needs the scope " + scope;
  http::Response response{403, {{"Content-Type", "text/plain"}}, description + "\n"};
  response.headers.add(
      "WWW-Authenticate",
      fmt::format("Bearer error=\"insufficient_scope\", scope=\"{}\", resource_metadata=\"{}\", "
                  "error_description=\"{}\"",
                  scope, caller.metadata_url, description));
  return Reply{Reply::Refusal{std::move(response), description}};
}

}  // namespace

ToolResult tool_error(std::string text) {
  return {std::move(text), {}, true};
}

Task<bool> ToolCall::pause(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds kStep{20};
  CancelSource& cancelled = call.cancelled();
  while (duration.count() > 0 && !cancelled.cancelled()) {
    const auto step = std::min(duration, kStep);
    co_await sleep_for(step);
    duration -= step;
  }
  co_return !cancelled.cancelled();
}

Task<> ToolCall::progress(int done, int total, std::string_view message) {
  if (call.meta().empty()) co_return;
  const auto token = JsonView::of_proved(call.meta()).find("progressToken");
  if (!token) co_return;
  const std::string params =
      fmt::format(R"({{"progressToken":{},"progress":{},"total":{},"message":{}}})", token->raw(),
                  done, total, jsonrpc::quote(message));
  co_await call.notify("notifications/progress", params);
}

ToolService::ToolService(mcp_server::ServerDescription description, std::vector<DemoTool> tools,
                         void* state)
    : description_(std::move(description)), state_(state), list_("\"tools\":[") {
  for (DemoTool& tool : tools) {
    const auto definition = JsonView::parse(tool.definition, tool.name);
    const auto input = definition ? definition->find("inputSchema") : std::nullopt;
    if (!input || definition->string("name") != tool.name) {
      throw std::logic_error("the definition of tool " + tool.name + " is wrong");
    }
    auto schema = mcp::Schema::compile(input->raw());
    if (!schema) throw std::logic_error(tool.name + ": " + schema.error().detail);
    if (list_.back() != '[') list_ += ',';
    list_ += definition->raw();
    tools_.push_back({std::move(tool), std::move(*schema)});
  }
  list_ += ']';
}

ToolService::~ToolService() = default;

Task<mcp_server::ServerDescription> ToolService::describe(const mcp_server::Caller&) {
  co_return description_;
}

Task<Reply> ToolService::handle(mcp_server::Call& call) {
  if (call.method() == "tools/list") co_return Reply{Reply::Result{list_, {}}};
  if (call.method() == "tools/call") co_return co_await call_tool(call);
  co_return Reply{
      Reply::Failure{-32601, "unknown method " + quote_remote(call.method(), 100), {}, 0}};
}

Task<Reply> ToolService::call_tool(mcp_server::Call& call) {
  const auto entry = std::ranges::find_if(
      tools_, [&call](const Entry& candidate) { return candidate.tool.name == call.name(); });
  if (entry == tools_.end()) {
    co_return Reply{
        Reply::Failure{-32602, "unknown tool " + quote_remote(call.name(), 100), {}, 0}};
  }
  const auto& caller = static_cast<const DemoCaller&>(call.caller());
  const std::string& scope = entry->tool.scope;
  if (!scope.empty() && std::ranges::find(caller.scopes, scope) == caller.scopes.end()) {
    co_return insufficient_scope(caller, scope);
  }
  const std::string_view arguments = call.arguments().empty() ? "{}" : call.arguments();
  if (const auto problems = entry->schema->validate(arguments); !problems.empty()) {
    co_return make_reply(tool_error("Invalid arguments: " + mcp::describe(problems)));
  }
  const ToolResult result =
      co_await entry->tool.run(state_, ToolCall{call, caller, JsonView::of_proved(arguments)});
  co_return make_reply(result);
}

}  // namespace gatehouse::demo
