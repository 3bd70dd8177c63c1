#include "gateway/sign_in.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "base/random.hpp"
#include "gateway/meta_tools.hpp"
#include "gateway/replies.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/error_codes.hpp"
#include "oauth_client/machine_grants.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;
using mcp_server::Reply;

constexpr std::string_view kRequestKey = "sign_in";
constexpr std::size_t kScopeBytes = 400;  // the server's words, shown to a person
constexpr auto kStateLife = limits::kAuthorizationLife;

std::string message_for(const NeedsPerson& needs) {
  const std::string& name = needs.target.connection->name;
  if (needs.need.why == upstream::PersonNeeded::Why::more_scope) {
    return fmt::format("{} needs further permissions for this: {}. Open the page to grant them.",
                       name, visible_text(needs.need.scope, kScopeBytes));
  }
  return fmt::format("Sign in to {} to go on. The agent never sees your login.", name);
}

Reply link_reply(const mcp_server::Call& call, const NeedsPerson& needs, const std::string& link) {
  const std::string& name = needs.target.connection->name;
  const bool more = needs.need.why == upstream::PersonNeeded::Why::more_scope;
  std::string text =
      more ? fmt::format("{} needs its person to grant further permissions ({}) first.", name,
                         visible_text(needs.need.scope, kScopeBytes))
           : fmt::format("{} needs its person to sign in first.", name);
  // The hint names the command, with the scopes that are missing.
  const std::string& hint = needs.need.error.hint;
  const std::string in_terminal =
      hint.empty() ? fmt::format("run `gatehouse login {}`", name) : hint;
  if (link.empty()) {
    text += fmt::format(" Ask the person to {} in a terminal, then call again.", in_terminal);
  } else {
    text += fmt::format(
        " Ask the person to open {} in a browser on this machine, then call again. (Or: {}.)", link,
        in_terminal);
  }
  return problem_reply(call, text);
}

/// Requests whose answer may be a question (R-1).
bool may_ask(const mcp_server::Call& call) {
  return call.method() == "tools/call" || call.method() == "prompts/get" ||
         call.method() == "resources/read";
}

std::string elicitation_params(const NeedsPerson& needs, const std::string& link,
                               std::string_view elicitation_id) {
  std::string params = "{\"mode\":\"url\",\"message\":" + jsonrpc::quote(message_for(needs)) +
                       ",\"url\":" + jsonrpc::quote(link);
  if (!elicitation_id.empty()) params += ",\"elicitationId\":" + jsonrpc::quote(elicitation_id);
  return params + "}";
}

std::string action_of(std::string_view raw_response) {
  const Result<jsonrpc::JsonView> view =
      jsonrpc::JsonView::parse(raw_response, "the elicitation response");
  return view ? view->string("action").value_or("") : std::string();
}

}  // namespace

SignIn::SignIn(vault::Store& store, const Clock& clock, RequestStateSealer sealer,
               LinkMaker make_link)
    : store_(store), clock_(clock), sealer_(std::move(sealer)), make_link_(std::move(make_link)) {}

Task<Result<std::int64_t>> SignIn::epoch_of(upstream::Target target) {
  const vault::AuthKind auth = target.connection->auth;
  if (auth == vault::AuthKind::none || auth == vault::AuthKind::headers) co_return 0;
  co_return co_await store_.credentials().find_epoch(upstream::credential_key(target));
}

Task<SignIn::Answered> SignIn::answer(mcp_server::Call& call, const NeedsPerson& needs,
                                      const RequestBinding& binding, int round) {
  // Where nobody signs in to the server itself, the error names who must act.
  const bool elsewhere = needs.target.connection->auth == vault::AuthKind::headers ||
                         oauth_client::is_machine(*needs.target.connection);
  const std::string link = elsewhere ? std::string() : make_link_(needs.target, needs.need);
  if (elsewhere) {
    co_return Answered{problem_reply(call, describe(needs.need.error)), false};
  }
  const bool modern = call.era() == mcp::Era::modern;
  const bool can = call.capabilities().elicitation_url && (!modern || may_ask(call));
  if (link.empty() || !can || round >= limits::kMrtrRounds)
    co_return Answered{link_reply(call, needs, link), false};
  if (!modern) co_return co_await ask_legacy(call, needs, link);
  RequestState state{binding, round, 0, clock_.now() + kStateLife};
  state.epoch = (co_await epoch_of(needs.target)).value_or(0);
  co_return Answered{ask_modern(needs, link, state), false};
}

Reply SignIn::ask_modern(const NeedsPerson& needs, const std::string& link,
                         const RequestState& state) const {
  Reply reply;
  reply.value = Reply::Result{
      fmt::format(
          R"("resultType":"input_required","inputRequests":{{"{}":{{"method":"elicitation/create","params":{}}}}},"requestState":{})",
          kRequestKey, elicitation_params(needs, link, {}), jsonrpc::quote(sealer_.seal(state))),
      {}};
  return reply;
}

Task<SignIn::Answered> SignIn::ask_legacy(mcp_server::Call& call, const NeedsPerson& needs,
                                          std::string link) {
  const vault::CredentialKey key = upstream::credential_key(needs.target);
  const std::int64_t before = (co_await epoch_of(needs.target)).value_or(0);
  const std::string elicitation_id = random_token(16);
  const std::string params = elicitation_params(needs, link, elicitation_id);
  if (!call.can_ask()) {
    Reply reply;
    reply.value = Reply::Failure{mcp::kLegacyUrlElicitationRequired, message_for(needs),
                                 "{\"elicitations\":[" + params + "]}", 0};
    co_return Answered{std::move(reply), false};
  }
  const gatehouse::Result<std::string> response = co_await call.ask("elicitation/create", params);
  if (!response) co_return Answered{link_reply(call, needs, link), false};
  if (action_of(*response) != "accept") {
    co_return Answered{problem_reply(call, fmt::format("The person declined to sign in to {}.",
                                                       needs.target.connection->name)),
                       false};
  }
  if (co_await wait_for_login(key, before, call.cancelled())) co_return Answered{{}, true};
  co_return Answered{link_reply(call, needs, link), false};
}

Task<bool> SignIn::wait_for_login(vault::CredentialKey key, std::int64_t before,
                                  CancelSource& cancelled) {
  const SteadyTime until = clock_.steady_now() + limits::kSignInWait;
  while (clock_.steady_now() < until && !cancelled.cancelled()) {
    const Result<std::optional<vault::Credential>> credential =
        co_await store_.credentials().find(key);
    const bool signed_in = credential && *credential && (*credential)->epoch != before &&
                           !(*credential)->sign_in_required &&
                           !(*credential)->tokens.access_token.empty();
    if (signed_in) co_return true;
    co_await sleep_for(250ms);
  }
  co_return false;
}

std::optional<Reply> SignIn::check_response(const mcp_server::Call& call) {
  if (call.input_responses().empty()) return std::nullopt;
  const std::optional<jsonrpc::JsonView> response =
      jsonrpc::JsonView::of_proved(call.input_responses()).find(kRequestKey);
  if (!response) return std::nullopt;
  const std::string action = action_of(response->raw());
  if (action == "accept") return std::nullopt;
  if (action == "decline" || action == "cancel")
    return problem_reply(call, "The person declined to sign in.");
  return failure_reply(jsonrpc::kInvalidParams,
                       "inputResponses.sign_in has no action accept, decline or cancel");
}

}  // namespace gatehouse::gateway
