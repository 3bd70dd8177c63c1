#include "mcp_client/modern_http_peer.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/incoming.hpp"

namespace gatehouse::mcp_client {
namespace {

bool is_cancelled(const mcp::Request& request) {
  return request.cancel != nullptr && request.cancel->cancelled();
}

/// How servers of the older era refuse a request before `initialize` (V-10).
bool is_legacy_refusal(int code) {
  return code == jsonrpc::kInvalidRequest || (code <= -32000 && code >= -32019);
}

}  // namespace

ModernHttpPeer::ModernHttpPeer(HttpTarget target, Parts parts, ServerInfo info)
    : endpoint_(std::move(target), parts),
      info_(std::move(info)),
      client_info_(make_client_info(endpoint_.target().client)),
      version_(info_.protocol_version.empty() ? std::string(mcp::kModernVersion)
                                              : info_.protocol_version),
      proven_(!info_.name.empty() || info_.capabilities != "{}") {}

ModernHttpPeer::~ModernHttpPeer() {
  if (listening_) listening_->stop();
}

Task<> ModernHttpPeer::close() {
  if (listening_) listening_->stop();
  co_return;
}

Task<Result<Followed>> ModernHttpPeer::follow(mcp::Interest interest) {
  if (!listening_) {
    if (interest.empty()) co_return Followed(std::move(interest));
    listening_ = std::make_shared<HttpListening>(endpoint_.target(), endpoint_.parts(), version_);
  }
  const std::shared_ptr<HttpListening> listening = listening_;
  co_return co_await listening->follow(std::move(interest));
}

// On the path of every call: each coroutine costs, so that the usual case takes this one and
// send_once().
Task<Result<mcp::Answer>> ModernHttpPeer::request(mcp::Request request, Interaction* interaction) {
  if (is_cancelled(request)) co_return fail(Errc::cancelled, "the request was cancelled");
  if (request.method == "tools/call" && !has_valid_plan(request.name)) {
    auto planned = co_await ensure_plan(request);
    if (!planned) co_return std::unexpected(planned.error());
    if (*planned) co_return std::move(**planned);
  }
  if (interaction != nullptr) co_return co_await run_rounds(*this, request, interaction);
  const std::string_view capabilities =
      request.capabilities != nullptr ? std::string_view(request.capabilities->raw) : "{}";
  auto answered = co_await send_once(request, capabilities, {});
  if (answered && std::holds_alternative<mcp::RpcError>(answered->answer)) {
    answered = co_await mend(request, capabilities, {}, std::move(*answered));
  }
  if (!answered) co_return std::unexpected(answered.error());
  auto answer = take_unasked(request, std::move(*answered));
  if (request.method == "tools/list" && answer) {
    if (const auto* page = std::get_if<mcp::Success>(&*answer)) {
      plans_.learn_page(page->result.view());
    }
  }
  co_return answer;
}

Task<Result<Answered>> ModernHttpPeer::exchange(const mcp::Request& request,
                                                std::string_view capabilities,
                                                std::string_view extra_members) {
  auto answered = co_await send_once(request, capabilities, extra_members);
  if (!answered || !std::holds_alternative<mcp::RpcError>(answered->answer)) co_return answered;
  co_return co_await mend(request, capabilities, extra_members, std::move(*answered));
}

Task<Result<Answered>> ModernHttpPeer::mend(const mcp::Request& request,
                                            std::string_view capabilities,
                                            std::string_view extra_members, Answered answered) {
  const auto* error = std::get_if<mcp::RpcError>(&answered.answer);
  if (error == nullptr) co_return answered;
  if (error->code == mcp::kUnsupportedProtocolVersion) {
    const auto version = mcp::choose_modern_version(supported_versions(*error));
    if (!version) co_return std::unexpected(our_fault(*error));
    version_ = *version;
  } else if (error->code == mcp::kHeaderMismatch && request.method == "tools/call") {
    // The tool's annotations may have changed since we read them (H-8).
    auto listed = co_await relist(request.cancel);
    if (!listed) co_return std::unexpected(listed.error());
    if (*listed) co_return Answered{std::move(**listed)};
  } else if (error->code == mcp::kHeaderMismatch) {
    co_return std::unexpected(our_fault(*error));
  } else {
    co_return answered;
  }
  auto again = co_await send_once(request, capabilities, extra_members);
  const auto* still = again ? std::get_if<mcp::RpcError>(&again->answer) : nullptr;
  const bool ours = still != nullptr && (still->code == mcp::kHeaderMismatch ||
                                         still->code == mcp::kUnsupportedProtocolVersion);
  if (ours) co_return std::unexpected(our_fault(*still));
  co_return again;
}

/// The requester cannot do anything about our headers and our version (G-9).
Error ModernHttpPeer::our_fault(const mcp::RpcError& error) {
  const std::string said = quote_remote(error.message);
  const std::string& url = endpoint_.target().url;
  if (error.code == mcp::kHeaderMismatch) {
    return {Errc::protocol, fmt::format("{} refuses our headers: {}", url, said), {}};
  }
  // It may have become one of the older era, and has not carried anything out.
  alive_ = false;
  return {Errc::session_lost,
          fmt::format("{} does not speak protocol version {} any more: {}", url, version_, said),
          {}};
}

http::Headers ModernHttpPeer::make_headers(const mcp::Request& request, const Outgoing& out) const {
  http::Headers headers;
  headers.reserve(512, 8);  // with what HttpEndpoint and its authorizer add
  headers.add(mcp::kHeaderProtocolVersion, version_);
  headers.add(mcp::kHeaderMethod, request.method);
  if (!request.name.empty()) {
    headers.add(mcp::kHeaderName, mcp::encode_header_value(request.name));
  }
  if (request.method != "tools/call") return headers;
  const ToolPlans::Entry* entry = plans_.find(request.name);
  if (entry == nullptr || entry->plan.empty()) return headers;
  const auto arguments = jsonrpc::JsonView::of_proved(out.params()).find("arguments");
  if (!arguments) return headers;
  for (const mcp::ParamHeader& header : mcp::make_param_headers(entry->plan, arguments->raw())) {
    headers.add(header.name, header.value);
  }
  return headers;
}

Task<Result<Answered>> ModernHttpPeer::send_once(const mcp::Request& request,
                                                 std::string_view capabilities,
                                                 std::string_view extra_members) {
  const std::int64_t id = next_id_++;
  Outgoing out = make_modern_body(request, id, version_, client_info_, capabilities, extra_members);
  http::Headers headers = make_headers(request, out);
  const CallDeadline deadline(endpoint_.parts().clock.steady_now(), request.timeout);
  auto reply = co_await endpoint_.post(std::move(out.body), std::move(headers), request.timeout,
                                       request.cancel);
  if (!reply) co_return std::unexpected(reply.error());
  if (auto refusal = refusal_of(*reply)) co_return Answered{std::move(*refusal), {}};
  if (reply->stream) co_return co_await read_stream(request, id, std::move(*reply), deadline);
  co_return read_body(request, id, std::move(*reply));
}

Result<Answered> ModernHttpPeer::accept(const jsonrpc::Message& message, std::string bytes) {
  proven_ = true;
  return make_answered(message, std::move(bytes));
}

Result<Answered> ModernHttpPeer::read_body(const mcp::Request& request, std::int64_t id,
                                           http::Reply reply) {
  const auto message = jsonrpc::prove(reply.body);
  const bool error_status = reply.status >= 400;
  if (message) {
    const bool is_error = message->kind == jsonrpc::MessageKind::error;
    const bool ours = is_id(message->id, id);
    if (message->kind == jsonrpc::MessageKind::result && ours && !error_status) {
      return accept(*message, std::move(reply.body));
    }
    const int code = is_error ? jsonrpc::parse_error_object(message->error).code : 0;
    const bool modern = is_error && mcp::is_modern_error(code);
    const bool foreign = !proven_ && error_status && is_legacy_refusal(code);
    if (is_error && !foreign && (ours || modern || (proven_ && message->id.empty()))) {
      return accept(*message, std::move(reply.body));
    }
  }
  if (!proven_ && error_status && reply.status < 429) {
    // A cached verdict that does not hold any more (V-7): whoever opens it anew probes again. A
    // server that wants an `initialize` first has not carried anything out.
    alive_ = false;
    Error error = status_error(reply.status, reply.body, endpoint_.target().url);
    error.code = Errc::session_lost;
    return std::unexpected(std::move(error));
  }
  if (error_status || reply.status / 100 != 2) {
    return std::unexpected(status_error(reply.status, reply.body, endpoint_.target().url));
  }
  const std::string why = message ? "it answers another request" : message.error().detail;
  return fail(Errc::protocol,
              fmt::format("the server's answer to {} cannot be used: {}", request.method, why));
}

Task<Result<Answered>> ModernHttpPeer::read_stream(const mcp::Request& request, std::int64_t id,
                                                   http::Reply reply, CallDeadline deadline) {
  const Clock& clock = endpoint_.parts().clock;
  EventReader reader(std::move(reply.stream));
  while (true) {
    auto step = co_await reader.next(deadline.remaining(clock.steady_now()));
    if (is_cancelled(request)) co_return fail(Errc::cancelled, "the request was cancelled");
    const bool silent = !step && step.error().code == Errc::timeout;
    if (silent || deadline.expired(clock.steady_now())) {
      co_return std::unexpected(no_answer_error(request.method, request.timeout));
    }
    if (!step) co_return std::unexpected(step.error());
    if (step->event && !step->event->data.empty()) {
      auto message = jsonrpc::prove(step->event->data);
      if (!message) {
        co_return fail(Errc::protocol, fmt::format("an event of the server cannot be read: {}",
                                                   message.error().detail));
      }
      const bool is_error = message->kind == jsonrpc::MessageKind::error;
      if (is_id(message->id, id) && (is_error || message->kind == jsonrpc::MessageKind::result)) {
        co_return accept(*message, std::move(step->event->data));
      }
      if (is_error && message->id.empty()) co_return accept(*message, std::move(step->event->data));
      if (message->kind == jsonrpc::MessageKind::notification) {
        if (message->method == "notifications/progress") deadline.on_progress(clock.steady_now());
        if (request.sink != nullptr) {
          request.sink->on_notification(message->method,
                                        message->params.empty() ? "{}" : message->params);
        }
      } else {
        // Requests on a stream are forbidden in this revision (T-5); answers to others are stray.
        endpoint_.parts().log.warn("mcp_stray_message", {{"url", endpoint_.target().url}});
      }
    }
    if (step->ended) {
      co_return fail(
          Errc::outcome_unknown,
          fmt::format("the server ended the stream of {} without an answer", request.method));
    }
  }
}

bool ModernHttpPeer::has_valid_plan(std::string_view tool) const {
  const ToolPlans::Entry* entry = plans_.find(tool);
  return entry != nullptr && entry->invalid.empty();
}

Task<Result<std::optional<mcp::Answer>>> ModernHttpPeer::ensure_plan(const mcp::Request& request) {
  if (plans_.find(request.name) == nullptr && endpoint_.target().find_input_schema) {
    const auto schema = endpoint_.target().find_input_schema(request.name);
    if (schema) plans_.learn_schema(request.name, *schema);
  }
  if (plans_.find(request.name) == nullptr && !listed_) {
    auto listed = co_await relist(request.cancel);
    if (!listed || *listed) co_return listed;
  }
  const ToolPlans::Entry* entry = plans_.find(request.name);
  if (entry != nullptr && !entry->invalid.empty()) {
    co_return fail(Errc::policy, fmt::format("tool {} is not offered: {}",
                                             quote_remote(request.name, 130), entry->invalid));
  }
  co_return std::nullopt;
}

Task<Result<std::optional<mcp::Answer>>> ModernHttpPeer::relist(CancelSource* cancel) {
  std::string cursor;  // raw member, empty for the first page
  plans_.forget();
  for (int page = 0; page < limits::kListPages; ++page) {
    mcp::Request list;
    list.method = "tools/list";
    if (!cursor.empty()) list.params.push_back(cursor);
    list.cancel = cancel;
    list.timeout = limits::kListTimeout;
    auto answered = co_await send_once(list, "{}", {});
    if (!answered) co_return std::unexpected(answered.error());
    if (std::holds_alternative<mcp::HttpRefusal>(answered->answer)) {
      co_return std::move(answered->answer);
    }
    const auto* success = std::get_if<mcp::Success>(&answered->answer);
    if (success == nullptr) {
      endpoint_.parts().log.warn(
          "mcp_tools_unknown", {{"url", endpoint_.target().url},
                                {"reason", "tools/list failed, so no Mcp-Param headers are sent"}});
      break;
    }
    plans_.learn_page(success->result.view());
    const auto next = jsonrpc::JsonView::of_proved(success->result.view()).find("nextCursor");
    if (!next || !next->is_string()) break;
    std::string member = "\"cursor\":" + std::string(next->raw());
    if (member == cursor) break;
    cursor = std::move(member);
  }
  listed_ = true;
  co_return std::nullopt;
}

}  // namespace gatehouse::mcp_client
