// gatehouse call: one tools/call, with the sign-ins and questions it takes.
#include <fmt/format.h>

#include <fstream>

#include "async/condition.hpp"
#include "cli/attempt.hpp"
#include "cli/call_output.hpp"
#include "cli/changed_tools.hpp"
#include "cli/connections.hpp"
#include "cli/person.hpp"
#include "cli/tool_arguments.hpp"
#include "cli/tool_view.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/schema.hpp"
#include "net/signals.hpp"

namespace gatehouse::cli {
namespace {

Task<> cancel_on_signal(CancelSource& cancel) {
  (void)co_await net::wait_for_termination();
  cancel.cancel();
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::invalid_argument, "cannot read " + path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.size() > limits::kRequestBodyBytes)
    return fail(Errc::too_large, fmt::format("{} is too large (kRequestBodyBytes)", path));
  return text;
}

class CallCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "call";
    spec.summary = "Call a tool and print its result";
    spec.details =
        R"(Arguments are one JSON object, @FILE, - for standard input, or KEY=VALUE pairs typed by the
tool's schema (KEY:=JSON for anything else).

Examples:
  gatehouse call notion.search query=roadmap limit=5
  gatehouse call notion.search '{"query":"roadmap"}'
  gatehouse call github.create_issue @issue.json --json
  echo '{"a":1,"b":2}' | gatehouse call calc.add -)";
    spec.arguments = {
        {"tool", "CONNECTION.TOOL", &tool_, Argument::Presence::required},
        {"arguments", "JSON, @FILE, - or KEY=VALUE…", &words_},
        {"--accept-defaults", "Accept every form of the server with its defaults", &defaults_},
        {"--account", "Sign in or act as this account", &account_},
        {"--no-login", "Do not sign in when the server asks for it", &no_login_},
        {"--json", "Print the result object as the server sent it", &json_},
    };
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<std::pair<std::string, std::string>> name = split_capability(tool_);
    if (!name) co_return std::unexpected(name.error());
    if (!account_.empty()) {
      if (const auto good = check_account_name(account_); !good)
        co_return std::unexpected(good.error());
    }
    Result<vault::Connection> connection = co_await require_connection(services, name->first);
    if (!connection) co_return std::unexpected(connection.error());
    services.person.configure(defaults_ ? Forms::defaults : Forms::ask);
    SignInOptions options;
    options.account = account_;
    Attempt attempt(services, std::move(*connection), options,
                    no_login_ ? SignIns::refused : SignIns::allowed);
    Result<ToolView> tool = co_await resolve(services, attempt, name->second);
    if (!tool) co_return std::unexpected(tool.error());
    if (const Result<void> free =
            co_await refuse_blocked(services, attempt.connection(), tool->name);
        !free) {
      co_return std::unexpected(free.error());
    }
    Result<std::string> arguments = co_await read_arguments(services, *tool);
    if (!arguments) co_return std::unexpected(arguments.error());
    if (const Result<void> valid = check(services, *tool, *arguments); !valid)
      co_return std::unexpected(valid.error());
    co_return co_await send(services, attempt, tool->name, *arguments);
  }

 private:
  // From the stored catalog; a tool that is not there is looked for at the server once.
  Task<Result<ToolView>> resolve(Services& services, Attempt& attempt, std::string name) {
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await services.store.connections().load_catalog(attempt.connection().organization,
                                                           attempt.connection().id, local_member());
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) {
      const auto allowed = allowed_tools(attempt.connection(), std::move(**stored));
      if (std::optional<ToolView> tool = find_tool(allowed, attempt.connection().name, name))
        co_return std::move(*tool);
    }
    Result<vault::StoredCatalog> listed = co_await attempt.list_tools();
    if (!listed) co_return std::unexpected(listed.error());
    *listed = allowed_tools(attempt.connection(), std::move(*listed));
    if (std::optional<ToolView> tool = find_tool(*listed, attempt.connection().name, name))
      co_return std::move(*tool);
    if (std::optional<ToolView> tool = co_await resolve_as_person(services, attempt, name))
      co_return std::move(*tool);
    warn_dropped(services.terminal, *listed);
    co_return std::unexpected(unknown_tool(attempt.connection().name, name, *listed));
  }

  // Some servers show a tool only to a client that can answer what it asks, which the stored list,
  // read on behalf of nobody, is not.
  static Task<std::optional<ToolView>> resolve_as_person(Services& services, Attempt& attempt,
                                                         std::string name) {
    if (services.person.capabilities().raw == "{}") co_return std::nullopt;
    mcp::Request request;
    request.method = "tools/list";
    request.capabilities = &services.person.capabilities();
    const auto answer = co_await attempt.request(std::move(request));
    const auto* success = answer ? std::get_if<mcp::Success>(&*answer) : nullptr;
    if (success == nullptr) co_return std::nullopt;
    vault::StoredCatalog listed;
    const auto tools = jsonrpc::JsonView::of_proved(success->result.view()).find("tools");
    if (!tools || !tools->is_array()) co_return std::nullopt;
    for (const jsonrpc::JsonView& tool : tools->elements()) listed.tools.emplace_back(tool.raw());
    listed = allowed_tools(attempt.connection(), std::move(listed));
    co_return find_tool(listed, attempt.connection().name, name);
  }

  static Task<Result<void>> refuse_blocked(Services& services, vault::Connection connection,
                                           std::string tool) {
    if (connection.options.on_change == vault::OnChange::allow) co_return Result<void>{};
    const Result<std::vector<vault::Pin>> waiting = co_await waiting_tools(services, connection);
    if (!waiting) co_return std::unexpected(waiting.error());
    if (std::ranges::find(*waiting, tool, &vault::Pin::name) == waiting->end())
      co_return Result<void>{};
    co_return fail(
        Errc::policy,
        fmt::format("{}.{} was changed by its server and is blocked until approved",
                    connection.name, quote_remote(tool, 80)),
        fmt::format("gatehouse tools {0} --changed, then gatehouse approve", connection.name));
  }

  Task<Result<std::string>> read_arguments(Services& services, ToolView tool) {
    if (words_.empty()) co_return "{}";
    const std::string& first = words_.front();
    const bool document = first == "-" || first.starts_with("@") || first.starts_with("{");
    if (!document) co_return make_arguments(tool.input_schema, words_);
    if (words_.size() > 1) {
      co_return fail(Errc::invalid_argument,
                     "the arguments are one JSON document or KEY=VALUE pairs, not both");
    }
    if (first.starts_with("{")) co_return parse_arguments(first, "the arguments");
    if (first == "-") {
      Result<std::string> text = co_await services.terminal.read_all(limits::kRequestBodyBytes);
      if (!text) co_return text;
      co_return parse_arguments(*text, "standard input");
    }
    Result<std::string> text = read_file(first.substr(1));
    if (!text) co_return text;
    co_return parse_arguments(*text, first.substr(1));
  }

  // A schema that we cannot run is the server's to enforce.
  Result<void> check(Services& services, const ToolView& tool, std::string_view arguments) {
    const Result<std::unique_ptr<mcp::Schema>> schema = mcp::Schema::compile(tool.input_schema);
    if (!schema) {
      services.log.warn("schema_not_checked", {{"tool", tool_}, {"reason", schema.error().detail}});
      return {};
    }
    const std::vector<mcp::SchemaProblem> problems = (*schema)->check_arguments(arguments);
    if (problems.empty()) return {};
    return fail(Errc::invalid_argument,
                fmt::format("the arguments do not fit {}: {}", tool_, mcp::describe(problems)),
                "gatehouse describe " + tool_);
  }

  Task<Result<Exit>> send(Services& services, Attempt& attempt, std::string tool,
                          std::string arguments) {
    const std::string name_member = "\"name\":" + jsonrpc::quote(tool);
    const std::string arguments_member = ",\"arguments\":" + arguments;
    ProgressPrinter progress(services.terminal);
    CancelSource cancel;
    TaskGroup tasks(services.executor, services.log);
    tasks.spawn("call_signals", cancel_on_signal(cancel));
    mcp::Request request;
    request.method = "tools/call";
    request.params = {name_member, arguments_member};
    request.name = tool;
    request.capabilities = &services.person.capabilities();
    request.sink = &progress;
    request.cancel = &cancel;
    auto answer = co_await attempt.request(std::move(request));
    co_await tasks.shutdown();
    if (!answer) co_return std::unexpected(answer.error());
    if (const auto* error = std::get_if<mcp::RpcError>(&*answer))
      co_return std::unexpected(describe_rpc_error(*error, attempt.connection().name));
    const std::string_view result = std::get<mcp::Success>(*answer).result.view();
    co_return print_result(services.terminal, result, json_ ? Output::json : Output::text);
  }

  std::string tool_;
  std::vector<std::string> words_;
  bool defaults_ = false;
  std::string account_;
  bool no_login_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_call_command() {
  return std::make_unique<CallCommand>();
}

}  // namespace gatehouse::cli
