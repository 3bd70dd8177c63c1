// ClientFixture: a GuardedClient on an event loop of its own, for tests against a ScriptedServer.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "async/run.hpp"
#include "async/workers.hpp"
#include "fakes/scripted_server.hpp"
#include "net/http_client.hpp"

namespace gatehouse::fakes {

inline std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Knows literals only, as a machine without a name server does.
class LiteralResolver final : public net::Resolver {
 public:
  Task<Result<std::vector<net::IpAddress>>> resolve(std::string host, net::CallLimit&) override {
    if (const auto literal = net::IpAddress::parse(host)) co_return std::vector{*literal};
    co_return fail(Errc::unavailable, "no such name");
  }
};

class ClientFixture : public testing::Test {
 protected:
  ClientFixture() { use({}); }

  void use(net::GuardedClient::Parts parts, net::ClientConfig config = {}) {
    client.reset();
    client = std::make_unique<net::GuardedClient>(context.get_executor(), workers, logger,
                                                  std::move(config), std::move(parts));
  }

  /// Options that allow the server's origin for connections.
  http::SendOptions options(const ScriptedServer& server) {
    allowance = {.origin = server.origin()};
    http::SendOptions options;
    options.allowances = {&allowance, 1};
    return options;
  }

  Result<http::Reply> send(http::Request request, http::SendOptions options) {
    return run_to_end(context, client->send(std::move(request), options));
  }
  Result<http::Reply> get(const ScriptedServer& server) {
    return send({.target = server.origin() + "/"}, options(server));
  }
  Result<http::Reply> post(const ScriptedServer& server, std::string body,
                           http::Headers headers = {}) {
    http::Request request{.method = "POST", .target = server.origin() + "/mcp?x=1"};
    request.headers = std::move(headers);
    request.body = std::move(body);
    return send(std::move(request), options(server));
  }

  boost::asio::io_context context{1};
  Workers workers{1};
  NullLogger logger;
  http::Allowance allowance;
  std::unique_ptr<net::GuardedClient> client;
  std::atomic<int> server_turn = 0;  ///< for scripts that answer differently each time
};

}  // namespace gatehouse::fakes
