#include "mcp_server/http_call.hpp"

#include <fmt/format.h>

#include "mcp/versions.hpp"

namespace gatehouse::mcp_server {

Accepts parse_accept(const http::Headers& headers) {
  const auto header = headers.find("Accept");
  if (!header || header->empty()) return {};
  const std::string_view text = *header;
  const bool any = text.find("*/*") != std::string_view::npos;
  const bool json = any || text.find("application/json") != std::string_view::npos ||
                    text.find("application/*") != std::string_view::npos;
  const bool events = any || text.find("text/event-stream") != std::string_view::npos ||
                      text.find("text/*") != std::string_view::npos;
  return json || events ? Accepts{json, events} : Accepts{};
}

HttpCall::HttpCall(std::shared_ptr<const Caller> caller, std::string_view version,
                   jsonrpc::Message message, Transport transport)
    : RequestView(std::move(caller), mcp::Era::modern, version, std::move(message), nullptr),
      transport_(transport) {}

HttpCall::HttpCall(std::shared_ptr<const Caller> caller, std::shared_ptr<Session> session,
                   jsonrpc::Message message, Transport transport)
    : RequestView(std::move(caller), mcp::Era::legacy, session->version, std::move(message),
                  &session->capabilities),
      transport_(transport),
      session_(std::move(session)),
      cancel_(std::make_shared<CancelSource>()) {
  session_->calls.add(id(), cancel_);
}

HttpCall::~HttpCall() {
  if (session_) session_->calls.remove(cancel_.get());
  if (stream_) stream_->abandon();
}

EventStream& HttpCall::stream() {
  if (!stream_) stream_ = std::make_shared<EventStream>(transport_.exchange, transport_.keep_alive);
  return *stream_;
}

Task<gatehouse::Result<void>> HttpCall::notify(std::string_view method, std::string_view params) {
  if (!transport_.accepts.events) co_return gatehouse::Result<void>{};
  const std::string message = jsonrpc::make_notification(method, params);
  co_return co_await stream().send(message);
}

void HttpCall::post(std::string_view method, std::string_view params) {
  if (transport_.accepts.events) stream().post(jsonrpc::make_notification(method, params));
}

bool HttpCall::can_ask() const {
  return session_ != nullptr && transport_.accepts.events;
}

Task<gatehouse::Result<std::string>> HttpCall::ask(std::string_view method,
                                                   std::string_view params) {
  if (!can_ask()) co_return fail(Errc::unsupported, "this client cannot be asked");
  const std::shared_ptr<PendingAsks::Ask> ask = session_->asks.open();
  const std::string question = jsonrpc::make_request(ask->id, method, params);
  const auto sent = co_await stream().send(question);
  if (!sent) co_return std::unexpected(sent.error());
  auto answer = co_await session_->asks.wait(ask, transport_.ask_timeout, *cancel_,
                                             &transport_.exchange.disconnected());
  if (!answer && answer.error().code == Errc::timeout) {
    post("notifications/cancelled",
         fmt::format(R"({{"requestId":{},"reason":"no answer in time"}})", ask->id));
  }
  co_return answer;
}

CancelSource& HttpCall::cancelled() {
  return cancel_ ? *cancel_ : transport_.exchange.disconnected();
}

}  // namespace gatehouse::mcp_server
