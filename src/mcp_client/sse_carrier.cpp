#include "mcp_client/sse_carrier.hpp"

#include <fmt/format.h>

#include "http/url.hpp"
#include "mcp_client/incoming.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kEndpointWait = 10s;  // for the head of the stream, then for its first event
constexpr auto kStreamIdle = 1h;     // without a byte, not even a comment

}  // namespace

Result<std::string> resolve_message_url(std::string_view server_url, std::string_view reference) {
  const auto server = http::Url::parse(server_url, "the server URL");
  if (!server) return std::unexpected(server.error());
  const auto url = server->resolve(reference);
  if (!url) {
    return fail(Errc::protocol,
                fmt::format("{} names {} as the place for messages, which is no usable URL",
                            server_url, quote_remote(reference, 120)));
  }
  if (url->origin() != server->origin()) {
    return fail(Errc::policy,
                fmt::format("{} wants messages sent to another origin, {}", server_url,
                            quote_remote(url->origin(), 120)),
                "the sign-in is for the server itself and goes nowhere else; ask its operator");
  }
  return url->text();
}

Task<Result<SseCarrier::Opened>> SseCarrier::open(HttpTarget target, Parts parts) {
  std::unique_ptr<SseCarrier> carrier(new SseCarrier(std::move(target), parts));
  auto refusal = co_await carrier->begin();
  if (!refusal) co_return std::unexpected(refusal.error());
  if (*refusal) co_return Opened(std::move(**refusal));
  co_return Opened(std::move(carrier));
}

Task<Result<std::optional<mcp::HttpRefusal>>> SseCarrier::begin() {
  auto reply = co_await endpoint_.get({}, kEndpointWait, &closing_);
  if (!reply) co_return std::unexpected(reply.error());
  if (auto refusal = refusal_of(*reply)) co_return refusal;
  const std::string& url = endpoint_.target().url;
  if (!reply->stream || reply->status != 200) {
    if (reply->status >= 400) co_return std::unexpected(status_error(reply->status, {}, url));
    co_return fail(Errc::rejected, fmt::format("GET {} opens no event stream", url));
  }
  reader_.emplace(std::move(reply->stream));
  auto reference = co_await await_endpoint();
  if (!reference) co_return std::unexpected(reference.error());
  auto resolved = resolve_message_url(url, *reference);
  if (!resolved) co_return std::unexpected(resolved.error());
  message_url_ = std::move(*resolved);
  co_return std::nullopt;
}

Task<Result<std::string>> SseCarrier::await_endpoint() {
  const Clock& clock = endpoint_.parts().clock;
  const CallDeadline deadline(clock.steady_now(), kEndpointWait);
  while (!deadline.expired(clock.steady_now())) {
    auto step = co_await reader_->next(deadline.remaining(clock.steady_now()));
    if (!step) co_return std::unexpected(step.error());
    heard_at_ = clock.steady_now();
    if (step->event && step->event->type == "endpoint") co_return std::move(step->event->data);
    if (step->ended || (step->event && !step->event->data.empty())) {
      co_return fail(Errc::rejected,
                     fmt::format("the event stream of {} does not begin with an `endpoint` event",
                                 endpoint_.target().url));
    }
  }
  co_return fail(Errc::timeout, fmt::format("the event stream of {} names no endpoint within 10 s",
                                            endpoint_.target().url));
}

Task<Result<std::optional<mcp::HttpRefusal>>> SseCarrier::send(std::string message) {
  // The caller has a deadline of its own; some servers answer the POST only with the result.
  auto reply = co_await endpoint_.post_to(message_url_, std::move(message), {},
                                          limits::kCallTimeoutMax, &closing_);
  if (!reply) co_return std::unexpected(reply.error());
  if (reply->status / 100 == 2) co_return std::nullopt;
  if (auto refusal = refusal_of(*reply)) co_return refusal;
  Error error = status_error(reply->status, reply->body, message_url_);
  // The specification names no status for a session that is gone; the SDKs answer 404 and 400. A
  // 4xx says that the message was not taken.
  if (reply->status == 400 || reply->status == 404 || reply->status == 410) {
    error.code = Errc::session_lost;
  }
  co_return std::unexpected(std::move(error));
}

Task<Result<std::optional<std::string>>> SseCarrier::receive() {
  while (true) {
    auto step = co_await reader_->next(kStreamIdle);
    if (!step && closing_.cancelled()) co_return std::nullopt;
    if (!step) co_return std::unexpected(step.error());
    heard_at_ = endpoint_.parts().clock.steady_now();
    if (step->event && step->event->type == "message") co_return std::move(step->event->data);
    if (step->ended) co_return std::nullopt;
  }
}

Task<> SseCarrier::close() {
  closing_.cancel();
  co_return;
}

}  // namespace gatehouse::mcp_client
