// HttpEndpoint: sends requests to one MCP endpoint with its fixed headers and credentials, through
// the guarded client. Used by the HTTP peers and the era probe.
#pragma once

#include <chrono>
#include <string>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "mcp_client/connect.hpp"

namespace gatehouse::mcp_client {

class HttpEndpoint final {
 public:
  HttpEndpoint(HttpTarget target, Parts parts) : target_(std::move(target)), parts_(parts) {}
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  /// POST of one message; `headers` are those of the protocol. An event stream arrives as
  /// Reply::stream. Errors: those of http::Client::send and of the authorizer.
  Task<Result<http::Reply>> post(std::string body, http::Headers headers,
                                 std::chrono::milliseconds timeout, CancelSource* cancel);
  /// The same to another URL of the server: where HTTP+SSE of 2024-11-05 takes messages. `url` has
  /// the target's origin, which the credentials and allowances are for.
  Task<Result<http::Reply>> post_to(std::string url, std::string body, http::Headers headers,
                                    std::chrono::milliseconds timeout, CancelSource* cancel);
  /// GET that expects an event stream.
  Task<Result<http::Reply>> get(http::Headers headers, std::chrono::milliseconds timeout,
                                CancelSource* cancel);
  /// DELETE of a session.
  Task<Result<http::Reply>> erase(http::Headers headers, std::chrono::milliseconds timeout);

  const HttpTarget& target() const { return target_; }
  const Parts& parts() const { return parts_; }

 private:
  Task<Result<http::Reply>> send(http::Request request, std::chrono::milliseconds timeout,
                                 CancelSource* cancel);
  Task<Result<http::Reply>> send_with_proof(http::Request request, http::SendOptions options);
  void look_for_rest(const http::Reply& reply) const;
  HttpTarget target_;
  Parts parts_;
};

}  // namespace gatehouse::mcp_client
