// CONNECT (RFC 9110 §9.3.6): a tunnel through an HTTP proxy.
#include <fmt/format.h>

#include <array>

#include "base/limits.hpp"
#include "net/connector.hpp"
#include "net/http_client_parser.hpp"

namespace gatehouse::net {
namespace {

std::string make_connect_request(const Proxy& proxy, const http::Url& url) {
  const std::string host =
      url.host().find(':') == std::string::npos ? url.host() : "[" + url.host() + "]";
  std::string request =
      fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n", host, url.port());
  if (!proxy.authorization.empty())
    request.append("Proxy-Authorization: ").append(proxy.authorization.reveal()).append("\r\n");
  return request.append("\r\n");
}

Error broken(const Wire& wire) {
  const std::string& reason = wire.reason();
  return {Errc::unavailable,
          "the proxy closed the connection" + (reason.empty() ? "" : ": " + reason),
          {}};
}

Task<Result<void>> write_all(Wire& wire, const std::string& bytes, CallLimit& limit) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const iovec piece{const_cast<char*>(bytes.data()) + written, bytes.size() - written};
    const Wire::Step step = wire.write({&piece, 1});
    if (step.status == Wire::Status::done) {
      written += step.count;
    } else if (step.status != Wire::Status::want_write) {
      co_return std::unexpected(broken(wire));
    } else if (!co_await wait_for(wire, step.status, limit)) {
      co_return std::unexpected(stop_error(limit, "asking the proxy for a tunnel"));
    }
  }
  co_return Result<void>{};
}

Result<void> judge(int status) {
  if (status >= 200 && status < 300) return {};
  if (status == 407) {
    return fail(Errc::unavailable, "the proxy demands a login (407)",
                "put user and password into HTTPS_PROXY: http://user:password@host:port");
  }
  return fail(Errc::unavailable, fmt::format("the proxy refused the tunnel with {}", status));
}

}  // namespace

Task<Result<void>> open_tunnel(Wire& wire, const Proxy& proxy, const http::Url& url,
                               CallLimit& limit) {
  const std::string request = make_connect_request(proxy, url);
  const Result<void> sent = co_await write_all(wire, request, limit);
  if (!sent) co_return sent;
  ResponseParser parser(ResponseParser::Body::connect, limits::kHeaderBytes);
  std::string bytes;
  std::array<char, 4096> piece{};
  while (!parser.has_head()) {
    const Wire::Step step = wire.read(piece.data(), piece.size());
    if (step.status == Wire::Status::want_read) {
      if (!co_await wait_for(wire, step.status, limit))
        co_return std::unexpected(stop_error(limit, "waiting for the proxy's tunnel"));
      continue;
    }
    if (step.status != Wire::Status::done) co_return std::unexpected(broken(wire));
    bytes.append(piece.data(), step.count);
    const Result<std::size_t> consumed = parser.feed(bytes);
    if (!consumed) co_return std::unexpected(consumed.error());
    bytes.erase(0, *consumed);
  }
  const Result<void> verdict = judge(parser.status());
  // In TLS the client speaks first: nothing can follow the head yet.
  if (verdict && !bytes.empty())
    co_return fail(Errc::protocol, "the proxy sent bytes into the tunnel before we spoke");
  co_return verdict;
}

}  // namespace gatehouse::net
