#include "gateway/connection_service.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <map>

#include "async/timer.hpp"
#include "catalog/definition.hpp"
#include "gateway/meta_tools.hpp"
#include "gateway/older_revisions.hpp"
#include "gateway/relayed_server.hpp"
#include "gateway/replies.hpp"
#include "gateway/request_members.hpp"
#include "identity/decision.hpp"
#include "identity/tool_filter.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;
using jsonrpc::JsonView;
using mcp_server::Call;
using mcp_server::Reply;

constexpr auto kOpening = 8s;  // what a description waits for the server
constexpr std::size_t kInstructionBytes = 16 * 1024;

/// Methods that every server may know; others belong to extensions.
bool is_known(std::string_view method) {
  static constexpr std::array<std::string_view, 8> kKnown{
      "tools/list",     "tools/call",   "resources/list", "resources/templates/list",
      "resources/read", "prompts/list", "prompts/get",    "completion/complete"};
  return std::ranges::find(kKnown, method) != kKnown.end();
}

/// What the server itself tells these requests apart by (reference H-3).
std::string name_of(const Call& call) {
  if (call.method() == "resources/read")
    return JsonView::of_proved(call.params()).string("uri").value_or("");
  return std::string(call.name());
}

std::string capabilities_from_lists(const ConnectionEntry& entry) {
  std::string out = R"({"tools":{})";
  if (entry.stored && !entry.stored->prompts.empty()) out += R"(,"prompts":{})";
  const bool resources =
      entry.stored && (!entry.stored->resources.empty() || !entry.stored->templates.empty());
  if (resources) out += R"(,"resources":{})";
  return out + "}";
}

/// Which tools of a live page may be shown. Where changes wait for approval, by definition and not
/// by name alone: the server may put other words on this page than on the one that was stored, and
/// the same name twice. Of a name that is listed twice, the first definition is what was accepted.
class AcceptedTools {
 public:
  explicit AcceptedTools(std::shared_ptr<const ConnectionEntry> entry) : entry_(std::move(entry)) {}

  bool operator()(std::string_view name, std::string_view raw) {
    if (!entry_ || !entry_->has_tool(name)) return false;
    if (entry_->connection->options.on_change != vault::OnChange::block) return true;
    if (stored_.empty()) {
      for (const std::string& known : entry_->stored->tools)
        stored_.try_emplace(JsonView::of_proved(known).string("name").value_or(""), known);
    }
    const auto known = stored_.find(name);
    if (known == stored_.end()) return false;
    return known->second == raw ||
           catalog::digest_of_definition(known->second) == catalog::digest_of_definition(raw);
  }

 private:
  std::shared_ptr<const ConnectionEntry> entry_;
  std::map<std::string, std::string_view, std::less<>> stored_;  ///< by name; made when needed
};

int code_of(const Refused& refused) {
  switch (refused.error.code) {
    case Errc::not_found:
    case Errc::invalid_argument:
      return jsonrpc::kInvalidParams;
    default:
      return jsonrpc::kInternalError;
  }
}

}  // namespace

ConnectionService::ConnectionService(Parts parts, Settings settings)
    : parts_(parts),
      settings_(std::move(settings)),
      sealer_(settings_.state_keys),
      task_ids_(settings_.state_keys) {}

Task<gatehouse::Result<mcp::Interest>> ConnectionService::follow(
    std::shared_ptr<mcp_server::Follower> follower, mcp::Interest wanted) {
  return parts_.followers.follow(std::move(follower), settings_.connection, std::move(wanted));
}

void ConnectionService::unfollow(mcp_server::Follower& follower) {
  parts_.followers.unfollow(follower);
}

Task<std::optional<mcp_client::ServerInfo>> ConnectionService::learn(
    const identity::Principal& principal) {
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(settings_.connection);
  if (!entry || identity::decide(principal, *entry->connection, identity::Access::read).verdict !=
                    identity::Verdict::allow) {
    co_return std::nullopt;
  }
  const upstream::Target target{entry->connection, principal.member,
                                entry->connection->default_account};
  std::optional<mcp_client::ServerInfo> info = parts_.upstreams.info(target);
  if (!info) {
    (void)co_await with_timeout<std::optional<upstream::PersonNeeded>>(
        kOpening, parts_.upstreams.connect(target), "opening " + settings_.connection);
    info = parts_.upstreams.info(target);
  }
  // An era that was remembered says nothing of capabilities; a handshake always does.
  if (!info || info->era == mcp::Era::legacy || info->capabilities != "{}") co_return info;
  const CallOutcome outcome = co_await parts_.pipeline.run({.principal = principal,
                                                            .method = "server/discover",
                                                            .connection = settings_.connection,
                                                            .request_id = "describe"});
  if (const auto* success = std::get_if<mcp::Success>(&outcome)) {
    const JsonView told = JsonView::of_proved(success->result.view());
    if (const auto capabilities = told.find("capabilities");
        capabilities && capabilities->is_object())
      info->capabilities = capabilities->raw();
    info->instructions = told.string("instructions").value_or(info->instructions);
  }
  co_return info;
}

Task<mcp_server::ServerDescription> ConnectionService::describe(const mcp_server::Caller& caller) {
  const identity::Principal& principal = static_cast<const AgentCaller&>(caller).principal;
  (void)co_await parts_.directory.ensure_fresh();
  mcp_server::ServerDescription description{
      "gatehouse", settings_.connection + " (through Gatehouse)", settings_.version, {}};
  if (const auto info = co_await learn(principal)) {
    description.capabilities = relayed_server_capabilities(info->capabilities);
    description.instructions = info->instructions.substr(0, kInstructionBytes);
  } else if (const auto entry = parts_.directory.find(settings_.connection)) {
    description.capabilities = capabilities_from_lists(*entry);
  }
  co_return description;
}

BridgedCall ConnectionService::bridged(const Call& call) const {
  BridgedCall bridged;
  bridged.connection = settings_.connection;
  bridged.name = name_of(call);
  bridged.capability = bridged.name;
  bridged.meta = upstream_meta(call, LogWish::pass);
  return bridged;
}

/// Not a coroutine itself: on the path of a call each frame costs.
Task<Reply> ConnectionService::handle(Call& call) {
  if (call.method() == "tools/call") return call_tool(call);
  if (call.method() == "tools/list") return list_tools(call);
  if (is_known(call.method())) return pass_on(call);
  if (call.method().starts_with("tasks/")) return pass_task(call);
  return pass_unknown(call);
}

/// What a tool wants mirrored is checked here and mirrored anew on the next hop (reference G-6).
std::optional<Reply::Failure> ConnectionService::check_headers(const Call& call) const {
  if (call.era() == mcp::Era::legacy) return std::nullopt;
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(settings_.connection);
  const ToolEntry* const tool = entry ? entry->find_tool(call.name()) : nullptr;
  if (tool == nullptr || tool->input_schema.find("x-mcp-header") == std::string::npos)
    return std::nullopt;
  const auto plan = mcp::parse_header_plan(tool->input_schema);
  return plan ? call.check_param_headers(*plan) : std::nullopt;
}

Task<Reply> ConnectionService::refuse_with(Reply::Failure failure) {
  co_return Reply{std::move(failure)};
}

Task<Reply> ConnectionService::call_tool(Call& call) {
  if (auto wrong = check_headers(call)) return refuse_with(std::move(*wrong));
  BridgedCall made = bridged(call);
  made.arguments = call.arguments().empty() ? std::string_view("{}") : call.arguments();
  if (has_further_members(call)) return call_with_members(call, std::move(made));
  return parts_.bridge.run(call, std::move(made), *this);
}

/// The server gets all of its params, but its own name for the tool: agents may know a short one.
Task<Reply> ConnectionService::call_with_members(Call& call, BridgedCall made) {
  if (const auto fresh = co_await parts_.directory.ensure_fresh(); !fresh)
    co_return problem_reply(call, explain(fresh.error()));
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(settings_.connection);
  if (const ToolEntry* const tool = entry ? entry->find_tool(made.name) : nullptr)
    made.name = tool->name;
  made.params = upstream_params(call, Replacement{"name", jsonrpc::quote(made.name)});
  co_return co_await parts_.bridge.run(call, std::move(made), *this);
}

Task<Reply> ConnectionService::pass_on(Call& call) {
  BridgedCall made = bridged(call);
  made.params = upstream_params(call);
  return parts_.bridge.run(call, std::move(made), *this);
}

/// Tasks of the extension; those of 2025-11-25 are another dialect and not bridged.
Task<Reply> ConnectionService::pass_task(Call& call) {
  if (!is_task_method(call.method()))
    co_return failure_reply(jsonrpc::kMethodNotFound, "Method not found");
  if (auto undeclared = check_tasks_declared(call)) co_return Reply{std::move(*undeclared)};
  if (const auto fresh = co_await parts_.directory.ensure_fresh(); !fresh)
    co_return problem_reply(call, explain(fresh.error()));
  std::optional<BridgedCall> made = task_ids_.route(call, parts_.directory);
  if (!made || made->connection != settings_.connection)
    co_return failure_reply(jsonrpc::kInvalidParams, "Unknown task");
  co_return co_await parts_.bridge.run(call, std::move(*made), *this);
}

/// Methods of extensions pass where the server declares any; the agent's own declaration goes with
/// the request.
Task<Reply> ConnectionService::pass_unknown(Call& call) {
  const auto info = co_await learn(caller_of(call).principal);
  if (!info || !has_extensions(info->capabilities))
    co_return failure_reply(jsonrpc::kMethodNotFound, "Method not found");
  co_return co_await pass_on(call);
}

Task<Reply> ConnectionService::list_tools(Call& call) {
  BridgedCall made = bridged(call);
  const SealedText::Binding binding{"cursor", settings_.endpoint, call.caller().identity};
  const auto cursor = JsonView::of_proved(call.params()).find("cursor");
  if (cursor) {
    const auto opened = sealer_.open(cursor->as_string().value_or(""), binding);
    if (!opened || opened->size() != 1) {
      co_return failure_reply(jsonrpc::kInvalidParams,
                              "invalid cursor; ask for the list again without one");
    }
    made.params = upstream_params(call, Replacement{"cursor", opened->front()});
  } else {
    made.params = upstream_params(call);
  }
  Reply reply = co_await parts_.bridge.run(call, std::move(made), *this);
  auto* result = std::get_if<Reply::Result>(&reply.value);
  if (result == nullptr || result->raw.view().empty()) co_return reply;
  std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(settings_.connection);
  if (!entry) co_return reply;
  co_await list_again(*entry, caller_of(call).principal, result->raw.view());
  entry = parts_.directory.find(settings_.connection);
  AcceptedTools allows(entry);
  const auto seal = [&](std::string_view raw_cursor) {
    return jsonrpc::quote(sealer_.seal({raw_cursor}, binding));
  };
  if (auto page = filter_tool_page(result->raw.view(), std::ref(allows), seal))
    *result = Reply::Result{{}, mcp::RawJson("{" + std::move(*page) + "}")};
  if (call.era() == mcp::Era::legacy) {
    auto older = for_older_revision("tools/list", call.protocol_version(), result->raw.view());
    if (older) result->raw = mcp::RawJson(std::move(*older));
  }
  co_return reply;
}

/// What is called must be what was listed: where the page shows tools that the directory does not
/// know or knows otherwise, it is brought up to date before the agent sees them.
Task<> ConnectionService::list_again(const ConnectionEntry& entry,
                                     const identity::Principal& principal, std::string_view page) {
  std::set<std::string> news;
  const auto tools = JsonView::of_proved(page).find("tools");
  if (tools) {
    for (const JsonView tool : tools->elements()) {
      std::string name = tool.string("name").value_or("");
      if (!identity::allows_tool(entry.connection->options.tools, name)) continue;
      const bool stored = entry.stored && std::ranges::find(entry.stored->tools, tool.raw()) !=
                                              entry.stored->tools.end();
      if (!stored && !known_missing_.contains(name)) news.insert(std::move(name));
    }
  }
  if (news.empty()) co_return;
  const upstream::Target target{entry.connection, principal.member,
                                entry.connection->default_account};
  (void)co_await parts_.upstreams.refresh_catalog(target);
  (void)co_await parts_.directory.ensure_fresh();
  const std::shared_ptr<ConnectionEntry> now = parts_.directory.find(settings_.connection);
  if (known_missing_.size() > limits::kToolsPerConnection) known_missing_.clear();
  for (const std::string& name : news) {
    if (!now || !now->has_tool(name)) known_missing_.insert(name);
  }
}

Reply ConnectionService::present(const Call& call, const BridgedCall& bridged,
                                 CallOutcome outcome) const {
  if (auto* success = std::get_if<mcp::Success>(&outcome)) {
    if (auto with_id = task_ids_.with_our_id(call, bridged, success->result.view()))
      success->result = mcp::RawJson(std::move(*with_id));
    return result_reply(call, std::move(*success));
  }
  if (const auto* error = std::get_if<mcp::RpcError>(&outcome)) return error_reply(call, *error);
  return refuse(call, bridged, std::get<Refused>(outcome));
}

Reply ConnectionService::refuse(const Call& call, const BridgedCall& bridged,
                                const Refused& refused) const {
  if (auto reply = http_refusal(refused, settings_.resource_metadata_url)) return std::move(*reply);
  const bool tool = call.method() == "tools/call";
  if (tool && refused.step == Refused::Step::resolve && refused.error.code == Errc::not_found) {
    return failure_reply(jsonrpc::kInvalidParams,
                         "Unknown tool: " + visible_text(bridged.name, 120));
  }
  return problem_reply(call, explain(refused.error), code_of(refused));
}

}  // namespace gatehouse::gateway
