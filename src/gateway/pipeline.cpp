#include "gateway/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {

struct LimitedCall {
  const AuthenticatedCall* call;  ///< in the frame of run(), as long as any of these
};

struct ResolvedCall {
  const AuthenticatedCall* call;
  std::shared_ptr<ConnectionEntry> entry;
  ToolEntry* tool = nullptr;  ///< tools/call: owned by entry
};

struct AuthorizedCall {
  ResolvedCall call;
};

struct ValidatedCall {
  ResolvedCall call;
  std::string name_member;  ///< what dispatch() puts before the arguments
};

namespace {

constexpr std::chrono::seconds kRelistAfter{
    30};  // an unknown tool makes us look again, but not more often

bool is_tool_call(const AuthenticatedCall& call) {
  return call.method == "tools/call";
}

/// "<connection>.<name>", or what there is of it.
std::string capability_of(const AuthenticatedCall& call) {
  if (call.connection.empty()) return std::string(call.name);
  if (call.name.empty()) return std::string(call.connection);
  return fmt::format("{}.{}", call.connection, call.name);
}

Refused unknown_capability(const AuthenticatedCall& call) {
  return {Refused::Step::resolve,
          {Errc::not_found,
           fmt::format("unknown capability {}", quote_remote(capability_of(call), 120)),
           "use search_capabilities to find the names there are"},
          {}};
}

/// Whether a result is anything but complete.
bool asks_back(std::string_view result) {
  if (result.find("resultType") == std::string_view::npos &&
      result.find("\\u") == std::string_view::npos) {
    return false;
  }
  const auto type = jsonrpc::JsonView::of_proved(result).find("resultType");
  return type && !type->equals("complete");
}

/// Only who was told that it may ask may ask: passed on to a front that does not relay questions,
/// one with whatever link its server chose would look like ours.
bool relays_questions(const AuthenticatedCall& call) {
  return call.interaction != nullptr && call.interaction->relays_input_required();
}

upstream::Target target_of(const AuthenticatedCall& call, const ConnectionEntry& entry) {
  return {entry.connection, call.principal.member, entry.connection->default_account};
}

/// What a method needs of the token: to look is to read; what may act is to write (tasks are as
/// dangerous as the tool that made them, and unknown methods as anything).
identity::Access access_of(const ResolvedCall& call) {
  using identity::Access;
  if (call.call->access) return *call.call->access;
  if (call.tool != nullptr)
    return call.tool->risk == catalog::Risk::read ? Access::read : Access::write;
  static constexpr std::array<std::string_view, 9> kReading{
      "server/discover",     "tools/list",     "resources/list",
      "prompts/list",        "prompts/get",    "resources/templates/list",
      "completion/complete", "resources/read", "subscriptions/listen"};
  return std::ranges::find(kReading, call.call->method) != kReading.end() ? Access::read
                                                                          : Access::write;
}

std::string_view outcome_word(const CallOutcome& outcome) {
  if (std::holds_alternative<mcp::Success>(outcome)) return "ok";
  if (std::holds_alternative<mcp::RpcError>(outcome)) return "upstream_error";
  if (std::holds_alternative<NeedsPerson>(outcome)) return "sign_in_required";
  return to_string(std::get<Refused>(outcome).error.code);
}

}  // namespace

/// Writes the audit record when the run ends, however it does: also when its task is ended, by a
/// shutdown above all, for the effect may have happened.
class Pipeline::Record final {
 public:
  Record(Pipeline& pipeline, const AuthenticatedCall& call)
      : pipeline_(pipeline), call_(call), started_(pipeline.parts_.clock.steady_now()) {}
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;
  ~Record() { pipeline_.write_audit(call_, word_, started_); }

  CallOutcome close(CallOutcome outcome) {
    word_ = outcome_word(outcome);
    return outcome;
  }

 private:
  Pipeline& pipeline_;
  const AuthenticatedCall& call_;
  SteadyTime started_;
  std::string_view word_ = to_string(Errc::cancelled);
};

Task<CallOutcome> Pipeline::run(AuthenticatedCall call) {
  Record record(*this, call);

  identity::BudgetPlace token_place;
  auto limited = limit(call, token_place);
  if (auto* refused = std::get_if<Refused>(&limited)) co_return record.close(std::move(*refused));

  Resolved resolved = resolve(std::get<LimitedCall>(limited), Look::first);
  if (std::holds_alternative<LookAgain>(resolved))
    resolved = co_await look_again(std::get<LimitedCall>(limited));
  if (auto* refused = std::get_if<Refused>(&resolved)) co_return record.close(std::move(*refused));
  if (auto* needs = std::get_if<NeedsPerson>(&resolved)) co_return record.close(std::move(*needs));

  auto authorized = authorize(std::get<ResolvedCall>(std::move(resolved)));
  if (auto* refused = std::get_if<Refused>(&authorized))
    co_return record.close(std::move(*refused));

  auto validated = validate(std::get<AuthorizedCall>(std::move(authorized)));
  if (auto* refused = std::get_if<Refused>(&validated)) co_return record.close(std::move(*refused));

  // What one upstream may have under way, its breaker and its credential stand in upstream/.
  ValidatedCall& valid = std::get<ValidatedCall>(validated);
  identity::BudgetPlace connection_place;
  if (auto refused = reserve(valid, connection_place)) co_return record.close(std::move(*refused));
  Result<upstream::Outcome> outcome = co_await dispatch(valid);
  co_return record.close(translate(valid, std::move(outcome)));
}

std::optional<Refused> Pipeline::check_again(const AuthenticatedCall& call) {
  Resolved resolved = resolve(LimitedCall{&call}, Look::last);
  if (auto* refused = std::get_if<Refused>(&resolved)) return std::move(*refused);
  auto authorized = authorize(std::get<ResolvedCall>(std::move(resolved)));
  if (auto* refused = std::get_if<Refused>(&authorized)) return std::move(*refused);
  return std::nullopt;
}

std::variant<LimitedCall, Refused> Pipeline::limit(const AuthenticatedCall& call,
                                                   identity::BudgetPlace& place) {
  if (parts_.audit.behind()) [[unlikely]] {
    return Refused{Refused::Step::limit,
                   {Errc::unavailable, "the audit log is not read, and no call goes unrecorded",
                    "call again soon; the operator's log.when_full decides"},
                   {},
                   std::chrono::seconds(1)};
  }
  if (auto much = parts_.limiter.enter_token(call.principal.token.value, place))
    return Refused{Refused::Step::limit, std::move(much->error), {}, much->retry_after};
  return LimitedCall{&call};
}

std::optional<Refused> Pipeline::reserve(const ValidatedCall& call, identity::BudgetPlace& place) {
  const vault::Connection& connection = *call.call.entry->connection;
  auto much = parts_.limiter.enter_connection(connection.id.value, connection.name, place);
  if (!much) return std::nullopt;
  return Refused{Refused::Step::reserve, std::move(much->error), {}, much->retry_after};
}

Pipeline::Resolved Pipeline::resolve(const LimitedCall& limited, Look look) {
  const AuthenticatedCall& call = *limited.call;
  if (look == Look::first && !parts_.directory.fresh()) return LookAgain{};
  if (call.connection.empty()) return unknown_capability(call);
  std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(call.connection);
  if (!entry || !identity::may_see(call.principal, *entry->connection))
    return unknown_capability(call);
  if (!is_tool_call(call)) return ResolvedCall{&call, std::move(entry), nullptr};
  ToolEntry* const tool = entry->find_tool(call.name);
  if (tool != nullptr) return ResolvedCall{&call, std::move(entry), tool};
  if (std::optional<Error> blocked = entry->why_blocked(call.name))
    return Refused{Refused::Step::authorize, std::move(*blocked), {}};
  const bool old =
      !entry->state.checked_at || parts_.clock.now() - *entry->state.checked_at >= kRelistAfter;
  if (look == Look::first && (!entry->listed || old)) return LookAgain{};
  return unknown_capability(call);
}

Task<Pipeline::Resolved> Pipeline::look_again(const LimitedCall& limited) {
  const AuthenticatedCall& call = *limited.call;
  if (!parts_.directory.fresh()) {
    const Result<void> fresh = co_await parts_.directory.ensure_fresh();
    if (!fresh) co_return Refused{Refused::Step::resolve, fresh.error(), {}};
    Resolved resolved = resolve(limited, Look::first);
    if (!std::holds_alternative<LookAgain>(resolved)) co_return resolved;
  }
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(call.connection);
  if (!entry) co_return unknown_capability(call);
  const upstream::Target target = target_of(call, *entry);
  Result<upstream::ListOutcome> listed = co_await parts_.upstreams.refresh_catalog(target);
  if (!listed) co_return Refused{Refused::Step::dispatch, listed.error(), {}};
  if (auto* need = std::get_if<upstream::PersonNeeded>(&*listed))
    co_return NeedsPerson{target, std::move(*need)};
  const Result<void> fresh = co_await parts_.directory.ensure_fresh();
  if (!fresh) co_return Refused{Refused::Step::resolve, fresh.error(), {}};
  co_return resolve(limited, Look::last);
}

std::variant<AuthorizedCall, Refused> Pipeline::authorize(ResolvedCall call) {
  const identity::Decision decision =
      identity::decide(call.call->principal, *call.entry->connection, access_of(call));
  switch (decision.verdict) {
    case identity::Verdict::allow:
      return AuthorizedCall{std::move(call)};
    case identity::Verdict::unknown:
      return unknown_capability(*call.call);
    case identity::Verdict::insufficient_scope:
      break;
  }
  return Refused{Refused::Step::authorize,
                 {Errc::insufficient_scope,
                  fmt::format("the agent's token may not run {}",
                              quote_remote(capability_of(*call.call), 120)),
                  fmt::format("use a token with scope {}", decision.required_scope)},
                 decision.required_scope};
}

std::variant<ValidatedCall, Refused> Pipeline::validate(AuthorizedCall authorized) {
  ResolvedCall& call = authorized.call;
  if (call.tool == nullptr) return ValidatedCall{std::move(call), {}};
  const mcp::Schema* schema = call.tool->compiled();
  if (schema == nullptr) {
    return Refused{Refused::Step::validate,
                   {Errc::unsupported,
                    fmt::format("the input schema of {} cannot be checked: {}",
                                capability_of(*call.call), call.tool->schema_problem->detail),
                    "tell the operator of that server"},
                   {}};
  }
  const std::vector<mcp::SchemaProblem> problems = schema->check_arguments(call.call->arguments);
  if (problems.empty()) return ValidatedCall{std::move(call), {}};
  return Refused{Refused::Step::validate,
                 {Errc::invalid_argument,
                  fmt::format("invalid arguments for {}: {}", capability_of(*call.call),
                              mcp::describe(problems)),
                  "search_capabilities with detail \"full\" shows the input schema"},
                 {}};
}

/// Not a coroutine itself; `valid` lives in the frame of run().
Task<Result<upstream::Outcome>> Pipeline::dispatch(ValidatedCall& valid) {
  const AuthenticatedCall& call = *valid.call.call;
  mcp::Request request;
  request.method = call.method;
  if (is_tool_call(call) && call.params.empty()) {
    valid.name_member = "\"name\":";
    jsonrpc::append_quoted(valid.name_member, valid.call.tool->name);
    valid.name_member += ",\"arguments\":";
    request.params = {valid.name_member, call.arguments, call.extra};
  } else {
    request.params = {call.params, call.extra};
  }
  request.name = valid.call.tool != nullptr ? valid.call.tool->name : call.name;
  request.meta = call.meta;
  request.capabilities = call.capabilities;
  request.sink = call.sink;
  request.cancel = call.cancel;
  return parts_.upstreams.request(target_of(call, *valid.call.entry), std::move(request),
                                  call.interaction);
}

CallOutcome Pipeline::translate(const ValidatedCall& valid, Result<upstream::Outcome> outcome) {
  const AuthenticatedCall& call = *valid.call.call;
  if (!outcome) return Refused{Refused::Step::dispatch, std::move(outcome.error()), {}};
  if (auto* success = std::get_if<mcp::Success>(&*outcome)) {
    if (relays_questions(call) || !asks_back(success->result.view())) return std::move(*success);
    return Refused{
        Refused::Step::dispatch,
        {Errc::unsupported,
         fmt::format("{} asks for input that cannot be given through here", capability_of(call)),
         {}},
        {}};
  }
  if (auto* error = std::get_if<mcp::RpcError>(&*outcome)) return std::move(*error);
  return NeedsPerson{target_of(call, *valid.call.entry),
                     std::get<upstream::PersonNeeded>(std::move(*outcome))};
}

void Pipeline::write_audit(const AuthenticatedCall& call, std::string_view outcome,
                           SteadyTime started) {
  if (!parts_.audit.enabled(LogLevel::info)) return;
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.steady_now() - started);
  std::array<char, 160> capability;
  const auto end =
      fmt::format_to_n(capability.data(), capability.size(), "{}{}{}", call.connection,
                       call.connection.empty() || call.name.empty() ? "" : ".", call.name);
  std::array<char, 24> us;
  const auto us_end = fmt::format_to_n(us.data(), us.size(), "{}", took.count());
  const std::string_view input = call.params.empty() ? call.arguments : call.params;
  parts_.audit.info(
      "call",
      {{"request_id", call.request_id},
       {"organization", call.principal.organization.value},
       {"member", call.principal.member.value},
       {"client", call.principal.client},
       {"method", call.method},
       {"capability", {capability.data(), static_cast<std::size_t>(end.out - capability.data())}},
       {"arguments_sha256", hex_encode(sha256(input))},
       {"outcome", outcome},
       {"us", {us.data(), static_cast<std::size_t>(us_end.out - us.data())}}});
}

}  // namespace gatehouse::gateway
