// TLS with certificates made here, and proxies played here.
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "fakes/certificates.hpp"
#include "fakes/client_fixture.hpp"

namespace gatehouse::net {
namespace {

using fakes::Authority;
using fakes::ClientFixture;
using fakes::ContextPtr;
using fakes::Peer;
using fakes::ScriptedServer;

class HttpClientTls : public ClientFixture {
 protected:
  HttpClientTls() { use({}, {.extra_ca_file = authority.file()}); }

  Error refusal(const fakes::CertificateSpec& spec, bool self_signed = false) {
    const ContextPtr context_of_server = authority.make_server(spec, self_signed);
    ScriptedServer server([](Peer& peer) { peer.read_request(); }, context_of_server.get());
    const auto reply = get(server);
    EXPECT_TRUE(server.requests().empty());
    return reply ? Error{} : reply.error();
  }

  Authority authority;
};

TEST_F(HttpClientTls, speaks_to_a_server_whose_certificate_names_its_address) {
  const ContextPtr tls =
      authority.make_server({.name = "x", .alternatives = "DNS:localhost,IP:127.0.0.1"});
  const std::string large(2'000'000, 'x');
  ScriptedServer server(
      [&](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer(large);
      },
      tls.get());
  auto options = this->options(server);
  options.max_body = 4'000'000;
  for (int i = 0; i < 3; ++i) {
    const auto reply =
        send({.method = "POST", .target = server.origin() + "/", .body = large}, options);
    ASSERT_TRUE(reply) << describe(reply.error());
    EXPECT_EQ(reply->body, large);
  }
  EXPECT_EQ(server.connections(), 1);
  const std::string named = "https://localhost:" + std::to_string(server.port());
  allowance.origin = named;
  EXPECT_TRUE(send({.target = named + "/"}, options));
}

TEST_F(HttpClientTls, is_the_last_leg_of_a_trace) {
  const ContextPtr tls = authority.make_server({.name = "x", .alternatives = "IP:127.0.0.1"});
  ScriptedServer server([](Peer& peer) { peer.wait_closed(); }, tls.get());
  const auto options = this->options(server);
  const auto legs = run_to_end(context, client->trace(server.origin(), options)).value();
  ASSERT_EQ(legs.size(), 3U);
  EXPECT_EQ(legs[2].kind, http::Leg::Kind::encryption);
  EXPECT_NE(legs[2].detail.find("TLSv1.3, certificate valid until 20"), std::string::npos);
  use({});
  const auto refused = run_to_end(context, client->trace(server.origin(), options)).value();
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[2].error->code, Errc::tls);
}

TEST_F(HttpClientTls, says_why_a_certificate_is_refused) {
  const std::string good = "IP:127.0.0.1";
  const Error host = refusal({.name = "x", .alternatives = "DNS:other.example,IP:127.0.0.2"});
  EXPECT_EQ(host.code, Errc::tls);
  EXPECT_NE(host.detail.find("IP address mismatch"), std::string::npos) << host.detail;
  const Error expired =
      refusal({.name = "x", .alternatives = good, .valid_from = -7200, .valid_until = -3600});
  EXPECT_EQ(expired.code, Errc::tls);
  EXPECT_NE(expired.detail.find("expired"), std::string::npos) << expired.detail;
  const Error self_signed = refusal({.name = "x", .alternatives = good}, true);
  EXPECT_EQ(self_signed.code, Errc::tls);
  EXPECT_NE(self_signed.detail.find("self-signed"), std::string::npos) << self_signed.detail;
  EXPECT_FALSE(self_signed.hint.empty());
  use({});
  const Error unknown = refusal({.name = "x", .alternatives = good});
  EXPECT_EQ(unknown.code, Errc::tls);
  EXPECT_NE(unknown.detail.find("issuer"), std::string::npos) << unknown.detail;
}

TEST_F(HttpClientTls, refuses_old_protocols_and_what_is_no_tls) {
  const ContextPtr old = authority.make_server({.name = "x", .alternatives = "IP:127.0.0.1"});
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(old.get(), 0);
  ScriptedServer server([](Peer& peer) { peer.read_request(); }, old.get());
  EXPECT_EQ(get(server).error().code, Errc::tls);
  ScriptedServer plain([](Peer& peer) { peer.send("SSH-2.0-OpenSSH\r\n"); });
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port());
  allowance.origin = url;
  http::SendOptions options;
  options.allowances = {&allowance, 1};
  EXPECT_EQ(send({.target = url + "/"}, options).error().code, Errc::tls);
}

TEST_F(HttpClientTls, reports_an_unusable_ca_file) {
  use({}, {.extra_ca_file = "/nonexistent/ca.pem"});
  const Error error = refusal({.name = "x", .alternatives = "IP:127.0.0.1"});
  EXPECT_EQ(error.code, Errc::tls);
  EXPECT_NE(error.detail.find("/nonexistent/ca.pem"), std::string::npos);
}

TEST_F(HttpClientTls, treats_an_end_without_close_notify_as_cut) {
  const ContextPtr tls = authority.make_server({.name = "x", .alternatives = "IP:127.0.0.1"});
  ScriptedServer server(
      [](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.0 200 OK\r\n\r\npart of the bo");
        peer.shut_down();
        peer.wait_closed();
      },
      tls.get());
  EXPECT_EQ(get(server).error().code, Errc::unavailable);
}

/// Plays an HTTP proxy whose far end is the same thread.
class HttpClientProxy : public ClientFixture {
 protected:
  static http::SendOptions allow(http::Allowance& allowance, std::string origin) {
    allowance.origin = std::move(origin);
    http::SendOptions options;
    options.allowances = {&allowance, 1};
    return options;
  }
};

TEST_F(HttpClientProxy, sends_plain_http_in_absolute_form_with_the_proxys_login) {
  ScriptedServer proxy([](Peer& peer) {
    while (!peer.read_request().empty()) peer.answer("through");
  });
  use({.resolver = std::make_unique<fakes::LiteralResolver>()},
      {.proxy = {.http_proxy = "http://me:p%40ss@127.0.0.1:" + std::to_string(proxy.port())}});
  const auto options = allow(allowance, "http://nowhere.invalid:81");
  const auto reply = send({.target = "http://nowhere.invalid:81/x?y"}, options);
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "through");
  const std::string request = proxy.requests()[0];
  EXPECT_TRUE(
      request.starts_with("GET http://nowhere.invalid:81/x?y HTTP/1.1\r\n"
                          "Host: nowhere.invalid:81\r\n"))
      << request;
  EXPECT_NE(request.find("Proxy-Authorization: Basic " + base64_encode("me:p@ss") + "\r\n"),
            std::string::npos);
}

TEST_F(HttpClientProxy, asks_for_a_tunnel_by_name_and_speaks_tls_inside) {
  const Authority authority;
  const ContextPtr tls = authority.make_server({.name = "x", .alternatives = "DNS:mcp.invalid"});
  ScriptedServer proxy([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n");
    SSL* session = SSL_new(tls.get());
    SSL_set_fd(session, peer.socket());
    if (SSL_accept(session) == 1) {
      Peer inner(peer.socket(), 1, session);
      const std::string request = inner.read_request();
      inner.answer(request.substr(0, request.find("\r\n")));
    }
    SSL_free(session);
  });
  use({.resolver = std::make_unique<fakes::LiteralResolver>()},
      {.extra_ca_file = authority.file(),
       .proxy = {.https_proxy = "127.0.0.1:" + std::to_string(proxy.port())}});
  const auto reply = send({.target = "https://mcp.invalid/mcp"}, {});
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "GET /mcp HTTP/1.1");
  EXPECT_EQ(proxy.requests()[0],
            "CONNECT mcp.invalid:443 HTTP/1.1\r\nHost: mcp.invalid:443\r\n\r\n");
}

TEST_F(HttpClientProxy, reports_a_refused_tunnel) {
  ScriptedServer proxy([](Peer& peer) {
    peer.read_request();
    const char* line = peer.number() == 0 ? "407 Proxy Authentication Required" : "403 Forbidden";
    peer.send("HTTP/1.1 " + std::string(line) + "\r\nContent-Length: 100\r\n\r\n");
    peer.wait_closed();
  });
  use({.resolver = std::make_unique<fakes::LiteralResolver>()},
      {.proxy = {.https_proxy = "127.0.0.1:" + std::to_string(proxy.port())}});
  const auto login = send({.target = "https://mcp.invalid/mcp"}, {});
  EXPECT_EQ(login.error().code, Errc::unavailable);
  EXPECT_NE(login.error().detail.find("407"), std::string::npos);
  EXPECT_NE(login.error().hint.find("HTTPS_PROXY"), std::string::npos);
  EXPECT_EQ(send({.target = "https://mcp.invalid/mcp"}, {}).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace gatehouse::net
