#include "mcp_client/active_calls.hpp"

#include <utility>

#include "async/cancellable.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/error_codes.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;
using jsonrpc::JsonView;

constexpr auto kLookAgain = 10s;  // while a person is asked

/// Concerns everybody, whichever stream it came on.
bool is_for_all(std::string_view method) {
  return method.ends_with("/list_changed") || method == "notifications/resources/updated" ||
         method.starts_with("notifications/tasks");
}

/// The capability that `method` needs, as member of ClientCapabilities.
std::string_view capability_of(std::string_view method) {
  if (method == "sampling/createMessage") return R"("sampling":{})";
  if (method == "roots/list") return R"("roots":{})";
  return method == "elicitation/create" ? R"("elicitation":{})" : std::string_view();
}

}  // namespace

std::chrono::milliseconds ActiveCall::remaining(SteadyTime now) const {
  return asking > 0 && !firm ? std::chrono::milliseconds(kLookAgain) : deadline.remaining(now);
}

void ActiveCalls::leave(const ActiveCallPtr& call) {
  calls_.erase(call->id);
  call->over.cancel();
}

Task<> ActiveCalls::settle(ActiveCallPtr call) {
  while (call->answering > 0) co_await changed_.wait();
}

ActiveCallPtr ActiveCalls::only_listener() const {
  ActiveCallPtr only;
  for (const auto& [id, call] : calls_) {
    if (call->sink == nullptr) continue;
    if (only) return nullptr;
    only = call;
  }
  return only;
}

void ActiveCalls::on_notification(const jsonrpc::Message& message, const ActiveCallPtr& call) {
  mcp::NotificationSink* sink = settings_.notifications;
  if (message.method == "notifications/progress") {
    const auto token = JsonView::of_proved(message.member("progressToken")).as_int();
    const auto found = token ? calls_.find(*token) : calls_.end();
    if (found == calls_.end()) return;
    found->second->deadline.on_progress(parts_.clock.steady_now());
    sink = found->second->sink;
  } else if (message.method == "notifications/cancelled") {
    return;  // of a question of the server; its answer is ignored there
  } else if (!is_for_all(message.method)) {
    const ActiveCallPtr concerned = call ? call : only_listener();
    if (concerned && concerned->sink != nullptr) sink = concerned->sink;
  }
  if (sink != nullptr) {
    sink->on_notification(message.method, message.params.empty() ? "{}" : message.params);
  }
}

bool ActiveCalls::may_answer(const Interaction* interaction, std::string_view method,
                             std::string_view params) const {
  return interaction != nullptr && mcp::allows(settings_.declared, method, params) &&
         mcp::allows(interaction->capabilities(), method, params);
}

ActiveCallPtr ActiveCalls::call_for(std::string_view method, std::string_view params) const {
  ActiveCallPtr best;
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    if (!may_answer(call->second->interaction, method, params)) continue;
    if (call->second->questions == 0) return call->second;
    if (!best) best = call->second;
  }
  if (best) return best;
  // Nobody can; with one call there is no doubt who is refused.
  return calls_.size() == 1 ? calls_.begin()->second : nullptr;
}

void ActiveCalls::on_request(const jsonrpc::Message& message, ActiveCallPtr call,
                             const std::shared_ptr<AnswerSender>& owner) {
  if (answering_ >= limits::kServerRequests) {
    parts_.log.warn("mcp_request_dropped", {{"server", settings_.server}});
    return;
  }
  Question question{std::string(message.id), message.method,
                    message.params.empty() ? "{}" : std::string(message.params), call != nullptr};
  if (question.method == "ping") {
    call = nullptr;
  } else if (!call) {
    call = call_for(question.method, question.params);
  }
  ++answering_;
  give(call);
  parts_.tasks.spawn("mcp_answer", answer(owner, this, std::move(question), std::move(call)));
}

void ActiveCalls::give(const ActiveCallPtr& call) {
  if (!call) return;
  ++call->questions;
  ++call->answering;
}

void ActiveCalls::take_back(const ActiveCallPtr& call) {
  if (call) --call->answering;
  changed_.notify_all();
}

Task<> ActiveCalls::answer(std::shared_ptr<AnswerSender> owner, ActiveCalls* self,
                           Question question, ActiveCallPtr call) {
  const std::shared_ptr<void> ended(nullptr, [self, &call](void*) {
    --self->answering_;
    self->take_back(call);
  });
  std::optional<std::string> body = co_await self->make_answer(question, call);
  // Whose question it was is a guess where streams are shared: the one who asked may be another.
  while (!body && !question.own_stream) {
    self->take_back(std::exchange(call, self->call_for(question.method, question.params)));
    self->give(call);
    if (!call) break;
    body = co_await self->make_answer(question, call);
  }
  if (!body)
    body = jsonrpc::make_error(question.raw_id, jsonrpc::kInternalError, "nobody waits for it");
  co_await owner->send_answer(std::move(*body));
}

Task<std::optional<std::string>> ActiveCalls::make_answer(const Question& question,
                                                          const ActiveCallPtr& call) {
  const std::string& raw_id = question.raw_id;
  const std::string& method = question.method;
  const std::string& params = question.params;
  if (method == "ping") co_return jsonrpc::make_result(raw_id, "{}");
  const bool by_call = call && may_answer(call->interaction, method, params);
  if (by_call) {
    if (call->asking++ == 0) call->asked_at = parts_.clock.steady_now();
    const std::shared_ptr<void> asked(nullptr, [this, call](void*) {
      if (--call->asking == 0 && !call->firm) {
        call->deadline.exempt(parts_.clock.steady_now() - call->asked_at);
      }
    });
    const auto result =
        co_await unless_cancelled(call->over, call->interaction->answer(method, params));
    if (!result && call->over.cancelled()) co_return std::nullopt;
    co_return result ? jsonrpc::make_result(raw_id, *result)
                     : jsonrpc::make_error(raw_id, jsonrpc::kInternalError, result.error().detail);
  }
  if (may_answer(settings_.outside, method, params)) {
    const auto result = co_await settings_.outside->answer(method, params);
    co_return result ? jsonrpc::make_result(raw_id, *result)
                     : jsonrpc::make_error(raw_id, jsonrpc::kInternalError, result.error().detail);
  }
  if (call) call->refused.insert(method);
  co_return jsonrpc::make_error(raw_id, jsonrpc::kMethodNotFound, "nobody here can answer that");
}

mcp::Answer ActiveCalls::judge(mcp::Answer answer, const ActiveCall& call) {
  auto* error = std::get_if<mcp::RpcError>(&answer);
  if (error == nullptr || call.refused.empty()) return answer;
  std::string missing;
  for (const std::string& method : call.refused) {
    const std::string_view member = capability_of(method);
    if (!member.empty()) missing.append(missing.empty() ? "" : ",").append(member);
  }
  if (missing.empty()) return answer;
  error->code = mcp::kMissingRequiredClientCapability;
  error->data = "{\"requiredCapabilities\":{" + missing + "}}";
  return answer;
}

}  // namespace gatehouse::mcp_client
