#include "gateway/bridge.hpp"

#include <fmt/format.h>

#include "gateway/meta_tools.hpp"
#include "gateway/notification_relay.hpp"
#include "gateway/replies.hpp"
#include "gateway/request_members.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/input_required.hpp"

namespace gatehouse::gateway {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;
using mcp_server::Call;
using mcp_server::Reply;

constexpr auto kStateLife = limits::kAuthorizationLife;

RequestBinding binding_of(const Call& call, const BridgedCall& bridged, const Front& front) {
  const std::string& input = bridged.params;
  return {call.caller().identity, std::string(front.endpoint()), std::string(call.method()),
          bridged.capability,
          digest_of_arguments(input.empty() ? bridged.arguments : "{" + input + "}")};
}

bool asks_for_input(std::string_view result) {
  constexpr auto kNone = std::string_view::npos;
  if (result.find("input_required") == kNone && result.find("\\u") == kNone) return false;
  return mcp::result_type(result) == mcp::ResultType::input_required;
}

/// Requests whose answer may be a question (R-1).
bool may_be_asked(const Call& call) {
  return call.method() == "tools/call" || call.method() == "prompts/get" ||
         call.method() == "resources/read";
}

bool asks_for_pages(const CallOutcome& outcome) {
  const auto* error = std::get_if<mcp::RpcError>(&outcome);
  return error != nullptr && error->code == mcp::kLegacyUrlElicitationRequired;
}

Refused broken_protocol(const BridgedCall& bridged, std::string_view what) {
  return {Refused::Step::dispatch,
          {Errc::protocol, fmt::format("{} {}", bridged.capability, what), {}},
          {}};
}

/// The questions as the client gets them; nothing where one is of a kind that it did not declare.
std::optional<std::string> shown_requests(const mcp::InputRequired& asked,
                                          const mcp::ClientCapabilities& declared,
                                          const BridgedCall& bridged, Front::Questions questions) {
  std::string out = "{";
  for (const mcp::InputRequest& request : asked.requests) {
    const std::string_view params =
        request.params.empty() ? std::string_view("{}") : request.params;
    if (!mcp::allows(declared, request.method, params)) return std::nullopt;
    if (out.size() > 1) out += ',';
    jsonrpc::append_quoted(out, request.key);
    out += ':';
    out += request.params.empty()
               ? mcp::make_input_request(request.method, {})
               : mcp::make_input_request(
                     request.method,
                     shown_params(request.method, params, bridged.connection, questions));
  }
  return out + "}";
}

/// The server's result with our questions and our state in the place of its own.
std::string with_our_state(std::string_view result, const std::optional<std::string>& requests,
                           std::string_view state) {
  std::string out = R"("resultType":"input_required")";
  for (const JsonMember& member : JsonView::of_proved(result).members()) {
    if (member.is("resultType") || member.is("requestState")) continue;
    const bool questions = requests && member.is("inputRequests");
    out.append(",\"").append(member.raw_key).append("\":");
    out.append(questions ? std::string_view(*requests) : member.value.raw());
  }
  out += ",\"requestState\":";
  jsonrpc::append_quoted(out, state);
  return out;
}

bool was_declined(std::string_view responses) {
  if (responses.empty()) return false;
  for (const JsonMember& member : JsonView::of_proved(responses).members()) {
    const auto action = member.value.string("action");
    if (action == "decline" || action == "cancel") return true;
  }
  return false;
}

}  // namespace

Task<Reply> Bridge::run(Call& call, BridgedCall bridged, const Front& front) {
  const Front::Manners manners = front.manners();
  Resumed resumed;
  if (!call.request_state().empty()) {
    auto opened = co_await resume(call, bridged, front);
    if (Reply* refused = std::get_if<Reply>(&opened)) co_return std::move(*refused);
    resumed = std::get<Resumed>(std::move(opened));
  } else if (!call.input_responses().empty()) {
    resumed.extra.append(R"(,"inputResponses":)").append(call.input_responses());
  }
  DirectQuestions questions(call, bridged.connection, manners);
  NotificationRelay notes(call, progress_token(call), manners, bridged.connection);
  const AuthenticatedCall authenticated{.principal = caller_of(call).principal,
                                        .method = call.method(),
                                        .connection = bridged.connection,
                                        .name = bridged.name,
                                        .arguments = bridged.arguments,
                                        .params = bridged.params,
                                        .extra = resumed.extra,
                                        .meta = bridged.meta,
                                        .request_id = call.request_id(),
                                        .capabilities = &questions.capabilities(),
                                        .interaction = &questions,
                                        .sink = notes.wanted() ? &notes : nullptr,
                                        .cancel = &call.cancelled(),
                                        .access = bridged.access};
  const bool waits =
      !resumed.parked.empty() || may_have_to_wait(call, bridged, *authenticated.capabilities);
  for (bool again = false;; again = true) {
    CallOutcome outcome;
    if (waits) {
      auto step = co_await run_waiting(call, authenticated, bridged, resumed);
      if (const auto* paused = std::get_if<ParkedCalls::Pause>(&step))
        co_return pause(call, bridged, front, *paused);
      if (std::holds_alternative<ParkedCalls::Gone>(step)) {
        co_return failure_reply(jsonrpc::kInvalidParams,
                                "requestState names a call that is over, or was brought back "
                                "before (send the request again without it)");
      }
      outcome = std::get<CallOutcome>(std::move(step));
    } else {
      outcome = co_await parts_.pipeline.run(authenticated);
    }
    if (const auto* success = std::get_if<mcp::Success>(&outcome)) {
      if (asks_for_input(success->result.view()))
        co_return co_await ask(call, bridged, front, *success, resumed.round);
      questions.tell_completed();
    }
    if (asks_for_pages(outcome)) {
      co_return co_await ask_to_open(call, bridged, front, std::get<mcp::RpcError>(outcome),
                                     resumed.round);
    }
    NeedsPerson* const needs = std::get_if<NeedsPerson>(&outcome);
    if (needs == nullptr) co_return front.present(call, bridged, std::move(outcome));
    if (again) {
      co_return problem_reply(call, "The sign-in did not help: " + describe(needs->need.error));
    }
    SignIn::Answered answered = co_await parts_.sign_in.answer(
        call, *needs, binding_of(call, bridged, front), resumed.round);
    if (!answered.retry) co_return std::move(answered.reply);
  }
}

bool Bridge::may_have_to_wait(const Call& call, const BridgedCall& bridged,
                              const mcp::ClientCapabilities& relayed) const {
  if (call.era() == mcp::Era::legacy || !may_be_asked(call)) return false;
  const bool declared =
      relayed.elicitation_form || relayed.elicitation_url || relayed.sampling || relayed.roots;
  if (!declared) return false;
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(bridged.connection);
  return !entry || entry->state.era != "modern";  // not loaded yet, or not asked yet
}

Task<ParkedCalls::Step> Bridge::run_waiting(Call& call, const AuthenticatedCall& request,
                                            const BridgedCall& bridged, const Resumed& resumed) {
  if (!resumed.parked.empty()) {
    return parts_.parked.resume(resumed.parked, resumed.round - 1, call.caller().identity,
                                resumed.answers, request.sink, call.cancelled());
  }
  // Answers without a state are for nobody: a legacy server does not know them.
  const std::string_view extra = call.request_state().empty() ? std::string_view() : request.extra;
  ParkedCalls::Start start;
  start.caller = call.caller().identity;
  start.principal = request.principal;
  start.method = request.method;
  start.bridged = bridged;
  start.extra = extra;
  start.request_id = request.request_id;
  start.capabilities = *request.capabilities;
  return parts_.parked.start(std::move(start), request.sink, call.cancelled());
}

Reply Bridge::pause(const Call& call, const BridgedCall& bridged, const Front& front,
                    const ParkedCalls::Pause& paused) const {
  if (paused.round >= limits::kMrtrRounds) {
    parts_.parked.end(paused.id);
    return front.present(call, bridged, broken_protocol(bridged, "asks again and again"));
  }
  std::string requests;
  for (const ParkedCalls::Question& question : paused.questions) {
    if (!requests.empty()) requests += ',';
    jsonrpc::append_quoted(requests, question.key);
    requests += ':';
    requests += mcp::make_input_request(
        question.method, shown_params(question.method, question.params, bridged.connection,
                                      front.manners().questions));
  }
  RequestState state = make_state(call, bridged, front, RequestState::Kind::parked, paused.round);
  state.parked = paused.id;
  state.shard = shard_;
  Reply reply;
  reply.value = Reply::Result{
      fmt::format(R"("resultType":"input_required","inputRequests":{{{}}},"requestState":{})",
                  requests, jsonrpc::quote(parts_.sign_in.sealer().seal(state))),
      {}};
  return reply;
}

RequestState Bridge::make_state(const Call& call, const BridgedCall& bridged, const Front& front,
                                RequestState::Kind kind, int round) const {
  RequestState state{binding_of(call, bridged, front), round, 0, parts_.clock.now() + kStateLife};
  state.kind = kind;
  return state;
}

Task<Result<std::int64_t>> Bridge::epoch_now(Call& call, const std::string& connection) {
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(connection);
  if (!entry) co_return 0;
  co_return co_await parts_.sign_in.epoch_of(
      {entry->connection, caller_of(call).principal.member, entry->connection->default_account});
}

Task<std::optional<Refused>> Bridge::check_parked(Call& call, const BridgedCall& bridged) {
  const Result<void> fresh = co_await parts_.directory.ensure_fresh();
  if (!fresh) co_return Refused{Refused::Step::resolve, fresh.error(), {}};
  co_return parts_.pipeline.check_again({.principal = caller_of(call).principal,
                                         .method = call.method(),
                                         .connection = bridged.connection,
                                         .name = bridged.name,
                                         .access = bridged.access});
}

Task<std::variant<Bridge::Resumed, Reply>> Bridge::resume(Call& call, const BridgedCall& bridged,
                                                          const Front& front) {
  Result<RequestState> state = parts_.sign_in.sealer().open(
      call.request_state(), binding_of(call, bridged, front), parts_.clock.now());
  if (!state) co_return failure_reply(jsonrpc::kInvalidParams, describe(state.error()));
  Resumed resumed{state->round + 1, {}};
  if (state->kind == RequestState::Kind::sign_in) {
    if (auto refused = SignIn::check_response(call)) co_return std::move(*refused);
    co_return resumed;
  }
  if (state->kind == RequestState::Kind::parked) {
    if (auto refused = co_await check_parked(call, bridged)) {
      parts_.parked.end(state->parked);
      co_return front.present(call, bridged, std::move(*refused));
    }
    resumed.parked = state->parked;
    const std::string_view responses = call.input_responses();
    for (const JsonMember& member :
         JsonView::of_proved(responses.empty() ? "{}" : responses).members()) {
      if (!member.value.is_object()) {
        co_return failure_reply(
            jsonrpc::kInvalidParams,
            "inputResponses." + quote_remote(member.key(), 60) + " is no object");
      }
      resumed.answers.emplace_back(member.key(), member.value.raw());
    }
    co_return resumed;
  }
  // Answers are for the account that the question was asked under.
  const Result<std::int64_t> epoch = co_await epoch_now(call, bridged.connection);
  if (!epoch || *epoch != state->epoch) {
    co_return failure_reply(
        jsonrpc::kInvalidParams,
        fmt::format("requestState belongs to an earlier sign-in at {} (send the request again "
                    "without it)",
                    bridged.connection));
  }
  if (state->kind == RequestState::Kind::page) {
    if (was_declined(call.input_responses()))
      co_return problem_reply(call, "The person declined to open the page.");
    co_return resumed;
  }
  if (!call.input_responses().empty())
    resumed.extra.append(R"(,"inputResponses":)").append(call.input_responses());
  if (!state->upstream_state.empty())
    resumed.extra.append(R"(,"requestState":)").append(state->upstream_state);
  co_return resumed;
}

Task<Reply> Bridge::ask(Call& call, const BridgedCall& bridged, const Front& front,
                        const mcp::Success& question, int round) {
  const std::string_view result = question.result.view();
  const Result<mcp::InputRequired> asked = mcp::parse_input_required(result);
  if (!asked)
    co_return front.present(call, bridged, broken_protocol(bridged, asked.error().detail));
  const auto requests =
      shown_requests(*asked, call.capabilities(), bridged, front.manners().questions);
  if (!requests) {
    co_return front.present(
        call, bridged,
        broken_protocol(bridged, "asks for what this request did not declare that it can answer"));
  }
  RequestState state = make_state(call, bridged, front, RequestState::Kind::question, round);
  state.upstream_state = asked->request_state;
  const Result<std::int64_t> epoch = co_await epoch_now(call, bridged.connection);
  if (!epoch) co_return problem_reply(call, explain(epoch.error()));
  state.epoch = *epoch;
  const std::string sealed = parts_.sign_in.sealer().seal(state);
  if (round >= limits::kMrtrRounds || sealed.size() > kRequestStateBytes) {
    co_return front.present(
        call, bridged, broken_protocol(bridged, "asks again and again, or with too large a state"));
  }
  const bool verbatim = front.manners().questions == Front::Questions::as_they_are;
  Reply reply;
  reply.value =
      Reply::Result{with_our_state(result, verbatim ? std::nullopt : requests, sealed), {}};
  co_return reply;
}

Task<Reply> Bridge::ask_to_open(Call& call, const BridgedCall& bridged, const Front& front,
                                const mcp::RpcError& error, int round) {
  const bool modern = call.era() == mcp::Era::modern;
  const bool can = relayed_capabilities(call, Front::Extras::drop).elicitation_url;
  if (!modern && call.capabilities().elicitation_url) co_return error_reply(call, error);
  std::string requests, text;
  int number = 0;
  const auto pages =
      error.data.empty() ? std::nullopt : JsonView::of_proved(error.data).find("elicitations");
  if (pages) {
    for (const JsonView page : pages->elements()) {
      const std::string url = visible_text(page.string("url").value_or(""), 2000);
      const std::string words = visible_text(page.string("message").value_or(""), 1000);
      const std::string params =
          shown_params("elicitation/create",
                       fmt::format(R"({{"mode":"url","message":{},"url":{}}})",
                                   jsonrpc::quote(words), jsonrpc::quote(url)),
                       bridged.connection, front.manners().questions);
      requests += fmt::format("{}\"page_{}\":{}", requests.empty() ? "" : ",", ++number,
                              mcp::make_input_request("elicitation/create", params));
      text += fmt::format(" Ask the person to open {} ({}).", url, words);
    }
  }
  if (!modern || !can || !may_be_asked(call) || requests.empty() || round >= limits::kMrtrRounds) {
    co_return problem_reply(
        call, fmt::format("{} wants its person to do something first: {}.{}", bridged.connection,
                          visible_text(error.message, 1000), text));
  }
  RequestState state = make_state(call, bridged, front, RequestState::Kind::page, round);
  state.epoch = (co_await epoch_now(call, bridged.connection)).value_or(0);
  Reply reply;
  reply.value = Reply::Result{
      fmt::format(R"("resultType":"input_required","inputRequests":{{{}}},"requestState":{})",
                  requests, jsonrpc::quote(parts_.sign_in.sealer().seal(state))),
      {}};
  co_return reply;
}

}  // namespace gatehouse::gateway
