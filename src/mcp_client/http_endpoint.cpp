#include "mcp_client/http_endpoint.hpp"

#include "http/retry_after.hpp"

namespace gatehouse::mcp_client {

Task<Result<http::Reply>> HttpEndpoint::post(std::string body, http::Headers headers,
                                             std::chrono::milliseconds timeout,
                                             CancelSource* cancel) {
  return post_to(target_.url, std::move(body), std::move(headers), timeout, cancel);
}

Task<Result<http::Reply>> HttpEndpoint::post_to(std::string url, std::string body,
                                                http::Headers headers,
                                                std::chrono::milliseconds timeout,
                                                CancelSource* cancel) {
  headers.add("Content-Type", "application/json");
  headers.add("Accept", "application/json, text/event-stream");
  http::Request request;
  request.method = "POST";
  request.target = std::move(url);
  request.headers = std::move(headers);
  request.body = std::move(body);
  return send(std::move(request), timeout, cancel);
}

Task<Result<http::Reply>> HttpEndpoint::get(http::Headers headers,
                                            std::chrono::milliseconds timeout,
                                            CancelSource* cancel) {
  headers.add("Accept", "text/event-stream");
  http::Request request;
  request.target = target_.url;
  request.headers = std::move(headers);
  return send(std::move(request), timeout, cancel);
}

Task<Result<http::Reply>> HttpEndpoint::erase(http::Headers headers,
                                              std::chrono::milliseconds timeout) {
  http::Request request;
  request.method = "DELETE";
  request.target = target_.url;
  request.headers = std::move(headers);
  return send(std::move(request), timeout, nullptr);
}

Task<Result<http::Reply>> HttpEndpoint::send(http::Request request,
                                             std::chrono::milliseconds timeout,
                                             CancelSource* cancel) {
  for (const auto& [name, value] : target_.headers) request.headers.add(name, value);
  if (target_.authorizer != nullptr) {
    auto credentials = target_.authorizer->headers_at_hand();
    if (!credentials) {
      auto waited = co_await target_.authorizer->headers({request.method, request.target});
      if (!waited) co_return std::unexpected(waited.error());
      credentials = std::move(*waited);
    }
    for (const Authorizer::Header& header : *credentials) {
      request.headers.set(header.name, header.value.reveal());
    }
  }
  http::SendOptions options;
  options.purpose = http::Purpose::connection;
  options.allowances = target_.allowances;
  options.timeout = timeout;
  options.connect_timeout = target_.connect_timeout;
  options.max_body = limits::kUpstreamBodyBytes;
  options.stream_events = true;
  options.cancel = cancel;
  if (target_.authorizer != nullptr && target_.authorizer->has_proved())
    co_return co_await send_with_proof(std::move(request), options);
  Result<http::Reply> reply = co_await parts_.http.send(std::move(request), options);
  if (reply && (reply->status == 429 || reply->status == 503)) look_for_rest(*reply);
  co_return reply;
}

void HttpEndpoint::look_for_rest(const http::Reply& reply) const {
  if (!target_.on_retry_after) return;
  const auto value = reply.headers.find("Retry-After");
  const auto wait = value ? http::parse_retry_after(*value, parts_.clock.now()) : std::nullopt;
  if (wait) target_.on_retry_after(reply.status, *wait);
}

// Repeated once when the server wants its nonce in the proof; it has not looked at the body then.
Task<Result<http::Reply>> HttpEndpoint::send_with_proof(http::Request request,
                                                        http::SendOptions options) {
  const SteadyTime end = parts_.clock.steady_now() + options.timeout;
  http::Request again = request;
  Result<http::Reply> reply = co_await parts_.http.send(std::move(request), options);
  if (reply && (reply->status == 429 || reply->status == 503)) look_for_rest(*reply);
  if (!reply || !target_.authorizer->on_answer(again.target, reply->status, reply->headers))
    co_return reply;
  options.timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - parts_.clock.steady_now());
  if (options.timeout <= std::chrono::milliseconds(0)) co_return reply;
  const auto credentials = co_await target_.authorizer->headers({again.method, again.target});
  if (!credentials) co_return std::unexpected(credentials.error());
  for (const Authorizer::Header& header : *credentials)
    again.headers.set(header.name, header.value.reveal());
  const std::string url = again.target;
  reply = co_await parts_.http.send(std::move(again), options);
  if (reply) (void)target_.authorizer->on_answer(url, reply->status, reply->headers);
  if (reply && (reply->status == 429 || reply->status == 503)) look_for_rest(*reply);
  co_return reply;
}

}  // namespace gatehouse::mcp_client
