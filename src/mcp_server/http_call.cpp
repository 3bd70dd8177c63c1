#include "mcp_server/http_call.hpp"

#include <fmt/format.h>

#include "mcp/versions.hpp"
#include "mcp_server/envelope.hpp"

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
    : RequestView(std::move(caller), mcp::Era::modern, version, std::move(message), nullptr,
                  nullptr),
      transport_(transport) {
  if (transport_.accepts.events) transport_.keep_alive.add(*this);
}

HttpCall::HttpCall(std::shared_ptr<const Caller> caller, std::shared_ptr<Session> session,
                   jsonrpc::Message message, Transport transport)
    : RequestView(std::move(caller), mcp::Era::legacy, session->version, std::move(message),
                  &session->capabilities, &session->following.log_floor()),
      transport_(transport),
      session_(std::move(session)),
      cancel_(std::make_shared<CancelSource>()) {
  session_->calls.add(id(), cancel_);
  if (transport_.accepts.events) transport_.keep_alive.add(*this);
}

HttpCall::~HttpCall() {
  if (session_) session_->calls.remove(cancel_.get());
  if (resumable_) session_->remove_stream(resumable_.get());
  if (stream_) stream_->abandon();
}

void HttpCall::on_tick() {
  if (!std::exchange(old_, true)) return;
  unlink();
  if (stream_) return;
  open_stream();
  stream_->open();
}

void HttpCall::open_stream() {
  if (stream_) return;
  stream_ = std::make_shared<EventStream>(transport_.exchange, transport_.keep_alive);
  if (!session_ || session_->ended) return;
  resumable_ = std::make_shared<SessionStream>(*session_, SessionStream::Kind::call);
  session_->streams.push_back(resumable_);
  resumable_->attach(stream_);
}

/// `json` must live until this has ended.
Task<gatehouse::Result<void>> HttpCall::send(std::string_view json) {
  open_stream();
  return resumable_ ? resumable_->send(json) : stream_->send(json);
}

Task<gatehouse::Result<void>> HttpCall::notify(std::string_view method, std::string_view params) {
  if (!transport_.accepts.events || !admits(method, params)) {
    co_return gatehouse::Result<void>{};
  }
  const std::string message = jsonrpc::make_notification(method, params);
  co_return co_await send(message);
}

void HttpCall::post(std::string_view method, std::string_view params) {
  if (!transport_.accepts.events || !admits(method, params)) return;
  const std::string message = jsonrpc::make_notification(method, params);
  open_stream();
  if (resumable_) {
    resumable_->post(message);
  } else {
    stream_->post(message);
  }
}

Task<> HttpCall::close(std::string_view json) {
  open_stream();
  std::string id;
  if (!resumable_ || resumable_->close_over(*stream_, json, id)) {
    co_return co_await stream_->close(json, id);
  }
  co_await stream_->settle();
}

Task<> HttpCall::close_stream() {
  if (!session_ || session_->ended || session_->version != "2025-11-25" ||
      !transport_.accepts.events) {
    co_return;
  }
  open_stream();
  if (resumable_) resumable_->detach();
}

bool HttpCall::can_ask() const {
  return session_ != nullptr && transport_.accepts.events;
}

Task<gatehouse::Result<std::string>> HttpCall::ask(std::string_view method,
                                                   std::string_view params) {
  if (!can_ask() || !may_be_asked(method, params, transport_.asks)) {
    co_return fail(Errc::unsupported, "this client cannot be asked");
  }
  const std::shared_ptr<PendingAsks::Ask> ask = session_->asks.open();
  const std::string question = jsonrpc::make_request(ask->id, method, params);
  const auto sent = co_await send(question);
  if (!sent) co_return std::unexpected(sent.error());
  // A client whose connection broke may come back for the question (O-4).
  auto answer = co_await session_->asks.wait(ask, transport_.ask_timeout, *cancel_, nullptr);
  if (!answer && answer.error().code == Errc::timeout) {
    post("notifications/cancelled",
         fmt::format(R"({{"requestId":{},"reason":"no answer in time"}})", ask->id));
  }
  co_return answer;
}

std::optional<Reply::Failure> HttpCall::check_param_headers(const mcp::HeaderPlan& plan) const {
  if (era() == mcp::Era::legacy) return std::nullopt;
  const http::Headers& headers = transport_.exchange.request().headers;
  return mcp_server::check_param_headers(plan, arguments(), headers);
}

CancelSource& HttpCall::cancelled() {
  return cancel_ ? *cancel_ : transport_.exchange.disconnected();
}

}  // namespace gatehouse::mcp_server
