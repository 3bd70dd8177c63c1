#include "gateway/pipeline.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/decision.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {

/// Holds the token's place until the call ends.
struct LimitedCall {
  AuthenticatedCall call;
};

struct ResolvedCall {
  AuthenticatedCall call;
  std::shared_ptr<ConnectionEntry> entry;
  ToolEntry* tool = nullptr;  ///< owned by entry
};

struct AuthorizedCall {
  ResolvedCall call;
};

struct ValidatedCall {
  ResolvedCall call;
};

namespace {

constexpr std::chrono::seconds kRelistAfter{
    30};  // an unknown tool makes us look again, but not more often

Refused unknown_capability(std::string_view name) {
  return {Refused::Step::resolve,
          {Errc::not_found, fmt::format("unknown capability {}", quote_remote(name, 120)),
           "use search_capabilities to find the names there are"},
          {}};
}

class Place final {
 public:
  explicit Place(int& count) : count_(count) { ++count_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --count_; }

 private:
  int& count_;
};

// Whether a result is anything but complete. Nothing was declared to the server, so it may not ask:
// passed on, its question, with whatever link it chose, would look like ours.
bool asks_back(std::string_view result) {
  if (result.find("resultType") == std::string_view::npos &&
      result.find("\\u") == std::string_view::npos) {
    return false;
  }
  const auto type = jsonrpc::JsonView::of_proved(result).find("resultType");
  return type && !type->equals("complete");
}

upstream::Target target_of(const ResolvedCall& call) {
  return {call.entry->connection, call.call.principal.member,
          call.entry->connection->default_account};
}

std::string_view outcome_word(const CallOutcome& outcome) {
  if (std::holds_alternative<mcp::Success>(outcome)) return "ok";
  if (std::holds_alternative<mcp::RpcError>(outcome)) return "upstream_error";
  if (std::holds_alternative<NeedsPerson>(outcome)) return "sign_in_required";
  return to_string(std::get<Refused>(outcome).error.code);
}

}  // namespace

Task<CallOutcome> Pipeline::run(AuthenticatedCall call) {
  const SteadyTime started = parts_.clock.steady_now();
  try {
    CallOutcome outcome = co_await run_steps(call);
    write_audit(call, outcome, started);
    co_return outcome;
  } catch (...) {  // the task was ended, by a shutdown above all; the effect may have happened
    write_audit(call, Refused{Refused::Step::dispatch, {Errc::cancelled, "", ""}, {}}, started);
    throw;
  }
}

Task<CallOutcome> Pipeline::run_steps(AuthenticatedCall call) {
  auto limited = limit(call);
  if (Refused* refused = std::get_if<Refused>(&limited)) co_return std::move(*refused);
  const Place place(under_way_[call.principal.token.value]);

  auto resolved = co_await resolve(std::get<LimitedCall>(std::move(limited)));
  if (Refused* refused = std::get_if<Refused>(&resolved)) co_return std::move(*refused);
  if (NeedsPerson* needs = std::get_if<NeedsPerson>(&resolved)) co_return std::move(*needs);

  auto authorized = authorize(std::get<ResolvedCall>(std::move(resolved)));
  if (Refused* refused = std::get_if<Refused>(&authorized)) co_return std::move(*refused);

  auto validated = validate(std::get<AuthorizedCall>(std::move(authorized)));
  if (Refused* refused = std::get_if<Refused>(&validated)) co_return std::move(*refused);

  // reserve (concurrency, breaker) and credential stand in upstream/, where their state is.
  co_return co_await dispatch(std::get<ValidatedCall>(std::move(validated)));
}

std::variant<LimitedCall, Refused> Pipeline::limit(const AuthenticatedCall& call) {
  const auto found = under_way_.find(call.principal.token.value);
  const int under_way = found == under_way_.end() ? 0 : found->second;
  if (under_way < limits::kCallsPerToken) return LimitedCall{call};
  return Refused{Refused::Step::limit,
                 {Errc::rate_limited,
                  fmt::format("{} calls are under way with this token (kCallsPerToken)", under_way),
                  "wait for one of them to end"},
                 {}};
}

Task<Result<upstream::ListOutcome>> Pipeline::list_again(const upstream::Target& target) {
  Result<upstream::ListOutcome> listed = co_await parts_.upstreams.refresh_catalog(target);
  const Result<void> fresh = co_await parts_.directory.ensure_fresh();
  if (!fresh) co_return std::unexpected(fresh.error());
  co_return listed;
}

Task<std::variant<ResolvedCall, Refused, NeedsPerson>> Pipeline::resolve(LimitedCall limited) {
  const AuthenticatedCall& call = limited.call;
  if (!parts_.directory.fresh()) {
    const Result<void> fresh = co_await parts_.directory.ensure_fresh();
    if (!fresh) co_return Refused{Refused::Step::resolve, fresh.error(), {}};
  }
  const std::size_t dot = call.name.find('.');
  if (dot == std::string_view::npos) co_return unknown_capability(call.name);
  const std::string connection(call.name.substr(0, dot));
  const std::string_view tool = call.name.substr(dot + 1);
  std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(connection);
  if (!entry || !identity::may_see(call.principal, *entry->connection))
    co_return unknown_capability(call.name);
  auto found = entry->tools.find(tool);
  const bool old =
      !entry->state.checked_at || parts_.clock.now() - *entry->state.checked_at >= kRelistAfter;
  if (found == entry->tools.end() && (!entry->listed || old)) {
    const upstream::Target target{entry->connection, call.principal.member,
                                  entry->connection->default_account};
    Result<upstream::ListOutcome> listed = co_await list_again(target);
    if (!listed) co_return Refused{Refused::Step::dispatch, listed.error(), {}};
    if (upstream::PersonNeeded* need = std::get_if<upstream::PersonNeeded>(&*listed)) {
      co_return NeedsPerson{target, std::move(*need)};
    }
    entry = parts_.directory.find(connection);
    if (!entry) co_return unknown_capability(call.name);
    found = entry->tools.find(tool);
  }
  if (found == entry->tools.end()) co_return unknown_capability(call.name);
  co_return ResolvedCall{call, entry, found->second.get()};
}

std::variant<AuthorizedCall, Refused> Pipeline::authorize(ResolvedCall call) {
  const identity::Decision decision = identity::decide(
      call.call.principal, *call.entry->connection,
      call.tool->risk == catalog::Risk::read ? identity::Access::read : identity::Access::write);
  switch (decision.verdict) {
    case identity::Verdict::allow:
      return AuthorizedCall{std::move(call)};
    case identity::Verdict::unknown:
      return unknown_capability(call.call.name);
    case identity::Verdict::insufficient_scope:
      break;
  }
  return Refused{
      Refused::Step::authorize,
      {Errc::insufficient_scope,
       fmt::format("the agent's token may not run {}", quote_remote(call.call.name, 120)),
       fmt::format("use a token with scope {}", decision.required_scope)},
      decision.required_scope};
}

std::variant<ValidatedCall, Refused> Pipeline::validate(AuthorizedCall authorized) {
  ResolvedCall& call = authorized.call;
  const mcp::Schema* schema = call.tool->compiled();
  if (schema == nullptr) {
    return Refused{Refused::Step::validate,
                   {Errc::unsupported,
                    fmt::format("the input schema of {} cannot be checked: {}", call.call.name,
                                call.tool->schema_problem->detail),
                    "tell the operator of that server"},
                   {}};
  }
  const std::vector<mcp::SchemaProblem> problems = schema->check_arguments(call.call.arguments);
  if (problems.empty()) return ValidatedCall{std::move(call)};
  return Refused{
      Refused::Step::validate,
      {Errc::invalid_argument,
       fmt::format("invalid arguments for {}: {}", call.call.name, mcp::describe(problems)),
       "search_capabilities with detail \"full\" shows the input schema"},
      {}};
}

Task<CallOutcome> Pipeline::dispatch(ValidatedCall validated) {
  const ResolvedCall& call = validated.call;
  std::string name = "\"name\":";
  jsonrpc::append_quoted(name, call.tool->name);
  name += ",\"arguments\":";
  mcp::Request request;
  request.method = "tools/call";
  request.params = {name, call.call.arguments};
  request.name = call.tool->name;
  request.capabilities = call.call.capabilities;
  request.sink = call.call.sink;
  request.cancel = call.call.cancel;
  Result<upstream::Outcome> outcome =
      co_await parts_.upstreams.request(target_of(call), std::move(request));
  if (!outcome) co_return Refused{Refused::Step::dispatch, outcome.error(), {}};
  if (mcp::Success* success = std::get_if<mcp::Success>(&*outcome)) {
    if (!asks_back(success->result.view())) co_return std::move(*success);
    co_return Refused{
        Refused::Step::dispatch,
        {Errc::unsupported,
         fmt::format("{} asks for input that cannot be given through here", call.call.name),
         {}},
        {}};
  }
  if (mcp::RpcError* error = std::get_if<mcp::RpcError>(&*outcome)) co_return std::move(*error);
  co_return NeedsPerson{target_of(call), std::get<upstream::PersonNeeded>(std::move(*outcome))};
}

void Pipeline::write_audit(const AuthenticatedCall& call, const CallOutcome& outcome,
                           SteadyTime started) {
  if (!parts_.audit.enabled(LogLevel::info)) return;
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.steady_now() - started);
  parts_.audit.info("call", {{"request_id", std::string(call.request_id)},
                             {"organization", call.principal.organization.value},
                             {"member", call.principal.member.value},
                             {"client", call.principal.client},
                             {"capability", std::string(call.name.substr(0, 160))},
                             {"arguments_sha256", hex_encode(sha256(call.arguments))},
                             {"outcome", std::string(outcome_word(outcome))},
                             {"us", std::to_string(took.count())}});
}

}  // namespace gatehouse::gateway
