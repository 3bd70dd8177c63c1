#include "mcp_client/http_endpoint.hpp"

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
    const auto credentials = co_await target_.authorizer->headers();
    if (!credentials) co_return std::unexpected(credentials.error());
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
  co_return co_await parts_.http.send(std::move(request), options);
}

}  // namespace gatehouse::mcp_client
