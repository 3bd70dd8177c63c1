#include "fixture_server/fixture_service.hpp"

#include <stdexcept>

namespace gatehouse::fixture {
namespace {

constexpr std::string_view kCapabilities =
    R"("tools":{"listChanged":true},"prompts":{"listChanged":true},)"
    R"("resources":{"subscribe":true,"listChanged":true},"logging":{},"completions":{})";

bool is_task_method(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

JsonView arguments_of(const Call& call) {
  return JsonView::of_proved(call.arguments().empty() ? "{}" : call.arguments());
}

/// The prompt's argument that is required and absent; empty: none.
std::string missing_argument(const Prompt& prompt, JsonView arguments) {
  const auto known = JsonView::of_proved(prompt.arguments);
  for (const JsonView argument : known.elements()) {
    const std::string name = argument.string("name").value_or("");
    if (argument.boolean("required") == true && !arguments.string(name)) return name;
  }
  return {};
}

/// Values for the arguments of test_prompt_with_arguments that start as what was typed.
Reply complete(const Call& call) {
  const JsonView params = JsonView::of_proved(call.params());
  const auto argument = params.find("argument");
  if (!params.find("ref") || !argument) return failure(-32602, "ref and argument are needed");
  const std::string typed = argument->string("value").value_or("");
  std::string values;
  int count = 0;
  for (const std::string_view value : {"paris", "park", "party", "test", "testing"}) {
    if (!value.starts_with(typed)) continue;
    values += (count++ == 0 ? "" : ",") + jsonrpc::quote(value);
  }
  return result(
      fmt::format(R"("completion":{{"values":[{}],"total":{},"hasMore":false}})", values, count));
}

}  // namespace

FixtureService::FixtureService(TaskGroup& tasks, const Clock& clock, mcp_server::Eras eras)
    : has_tasks_(eras != mcp_server::Eras::legacy_only), tasks_(tasks, clock, followers_) {
  add(content_tools());
  add(form_tools());
  add(asking_tools());
  if (has_tasks_) add(task_tools());
  tool_list_ += ']';
  for (const Prompt& prompt : prompts()) {
    prompt_list_ +=
        fmt::format(R"({}{{"name":"{}","description":"{}","arguments":{}}})",
                    prompts_.empty() ? "" : ",", prompt.name, prompt.description, prompt.arguments);
    prompts_.emplace(prompt.name, prompt);
  }
  prompt_list_ += ']';
}

void FixtureService::add(std::vector<Tool> tools) {
  for (const Tool& tool : tools) {
    auto schema = mcp::Schema::compile(tool.input_schema);
    if (!schema) throw std::logic_error(std::string(tool.name) + ": " + schema.error().detail);
    tool_list_ +=
        fmt::format(R"({}{{"name":"{}","description":"{}","inputSchema":{}}})",
                    tools_.empty() ? "" : ",", tool.name, tool.description, tool.input_schema);
    auto headers = mcp::parse_header_plan(tool.input_schema);
    if (!headers) throw std::logic_error(std::string(tool.name) + ": " + headers.error().detail);
    tools_.emplace(tool.name, Entry{tool, std::move(*schema), std::move(*headers)});
  }
}

Task<mcp_server::ServerDescription> FixtureService::describe(const mcp_server::Caller&) {
  std::string capabilities = fmt::format("{{{}", kCapabilities);
  if (has_tasks_) capabilities += fmt::format(R"(,"extensions":{{"{}":{{}}}})", kTasksExtension);
  co_return mcp_server::ServerDescription{"conformance-fixture", "Conformance fixture", "1.0.0",
                                          "A server for the conformance suite.",
                                          capabilities + "}"};
}

Task<Reply> FixtureService::handle(Call& call) {
  const std::string_view method = call.method();
  if (method == "tools/list") co_return result(tool_list_);
  if (method == "prompts/list") co_return result(prompt_list_);
  if (method == "resources/list") co_return result(std::string(resource_list()));
  if (method == "resources/templates/list") co_return result(std::string(resource_templates()));
  if (method == "resources/read") co_return read_resource(call);
  if (method == "completion/complete") co_return complete(call);
  if (method == "tools/call") co_return co_await call_tool(call);
  if (method == "prompts/get") co_return co_await get_prompt(call);
  if (is_task_method(method) && call.era() == mcp::Era::modern) co_return tasks_.handle(call);
  co_return failure(-32601, "unknown method " + quote_remote(method, 100));
}

Task<gatehouse::Result<mcp::Interest>> FixtureService::follow(
    std::shared_ptr<mcp_server::Follower> follower, mcp::Interest wanted) {
  co_return followers_.follow(std::move(follower), std::move(wanted));
}

Task<Reply> FixtureService::call_tool(Call& call) {
  const auto entry = tools_.find(call.name());
  if (entry == tools_.end()) {
    co_return failure(-32602, "unknown tool " + quote_remote(call.name(), 100));
  }
  if (auto wrong = call.check_param_headers(entry->second.headers)) {
    co_return Reply{std::move(*wrong)};
  }
  const JsonView arguments = arguments_of(call);
  if (const auto problems = entry->second.schema->validate(arguments.raw()); !problems.empty()) {
    co_return tool_error("Invalid arguments: " + mcp::describe(problems));
  }
  co_return co_await entry->second.tool.run(context_, call, arguments);
}

Task<Reply> FixtureService::get_prompt(Call& call) {
  const auto prompt = prompts_.find(call.name());
  if (prompt == prompts_.end()) {
    co_return failure(-32602, "unknown prompt " + quote_remote(call.name(), 100));
  }
  const JsonView arguments = arguments_of(call);
  if (const std::string name = missing_argument(prompt->second, arguments); !name.empty()) {
    co_return failure(-32602, "argument " + name + " is missing");
  }
  co_return co_await prompt->second.run(context_, call, arguments);
}

}  // namespace gatehouse::fixture
