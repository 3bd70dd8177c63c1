// The guard against every hostile target, by every way in: as server URL, through a proxy, by a
// redirect, by a challenge, by a protected resource's document, by an authorization server's
// document (design: rule 3). Nothing but the test's own servers is ever connected to, and each
// refusal says what is wrong with the target.
#include <gtest/gtest.h>

#include "fakes/client_fixture.hpp"
#include "fakes/hostile_targets.hpp"
#include "oauth_client/discovery.hpp"
#include "oauth_client/registration.hpp"
#include "oauth_client/revocation.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::oauth_client {
namespace {

using fakes::HostileTarget;
using fakes::kHostileTargets;
using fakes::Peer;
using fakes::ScriptedServer;

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

class HostileTargets : public fakes::ClientFixture {
 protected:
  HostileTargets() : shared_(context.get_executor()) { connect({}); }

  void connect(net::ClientConfig config) {
    auto recording = std::make_unique<fakes::RecordingNetwork>(
        net::make_dialer(context.get_executor(), shared_.wheel));
    network = recording.get();
    use({.resolver = std::make_unique<fakes::HostileNames>(), .dialer = std::move(recording)},
        std::move(config));
  }

  /// Our own server may be reached, whoever asks.
  void open(const ScriptedServer& server) {
    network->open.push_back(server.port());
    allowances = {{server.origin(), http::Purpose::connection},
                  {server.origin(), http::Purpose::authorization_server}};
  }

  static void expect_refusal(const Error& error, const HostileTarget& target) {
    EXPECT_TRUE(error.code == Errc::blocked_address || error.code == Errc::invalid_argument ||
                error.code == Errc::parse || error.code == Errc::policy)
        << target.url << ": " << describe(error);
    EXPECT_NE(describe(error).find(target.words), std::string::npos)
        << target.url << ": " << describe(error);
    // A name that is unknown or an answer that is missing would send people the wrong way.
    EXPECT_EQ(describe(error).find("no such name"), std::string::npos) << target.url;
  }

  /// A line break ends the header, and a redirect may carry a fragment, which is not sent.
  static bool redirects_there(const HostileTarget& target) {
    const std::string_view url = target.url;
    return url.find_first_of("\r\n\t") == std::string_view::npos &&
           url != "https://good.example/#fragment";
  }

  net::ClientShared shared_;
  fakes::RecordingNetwork* network = nullptr;
  std::vector<http::Allowance> allowances;
};

TEST(HostileTargetTable, has_at_least_a_hundred_and_fifty_entries) {
  EXPECT_GE(std::size(kHostileTargets), 150U);
}

TEST_F(HostileTargets, are_refused_for_every_purpose) {
  for (const HostileTarget& target : kHostileTargets) {
    for (const http::Purpose purpose :
         {http::Purpose::connection, http::Purpose::authorization_server,
          http::Purpose::client_metadata}) {
      http::SendOptions options;
      options.purpose = purpose;
      const auto reply = send({.target = target.url}, options);
      ASSERT_FALSE(reply) << target.url;
      expect_refusal(reply.error(), target);
    }
  }
  EXPECT_TRUE(network->attempts.empty()) << network->attempts.front();
}

TEST_F(HostileTargets, are_refused_through_a_proxy_too) {
  connect({.proxy = {.http_proxy = "http://9.9.9.9:3128", .https_proxy = "http://9.9.9.9:3128"}});
  for (const HostileTarget& target : kHostileTargets) {
    const auto reply = send({.target = target.url}, {});
    ASSERT_FALSE(reply) << target.url;
    expect_refusal(reply.error(), target);
  }
  EXPECT_TRUE(network->attempts.empty()) << network->attempts.front();
}

TEST_F(HostileTargets, are_refused_as_the_next_hop_of_a_redirect) {
  const HostileTarget* current = nullptr;
  ScriptedServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      peer.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
                std::string(current->url) + "\r\n\r\n");
    }
  });
  open(server);
  int followed = 0;
  for (const HostileTarget& target : kHostileTargets) {
    if (!redirects_there(target)) continue;
    current = &target;
    http::SendOptions options;
    options.allowances = allowances;
    options.redirects = http::Redirects::follow;
    const auto reply = send({.target = server.origin() + "/start"}, options);
    ASSERT_FALSE(reply) << target.url << " " << reply->url;
    ++followed;
  }
  EXPECT_GE(followed, 150);
  EXPECT_TRUE(network->attempts.empty()) << network->attempts.front();
}

/// A server with a challenge whose documents name the target in one of several places.
class HostileDocuments : public HostileTargets {
 protected:
  enum class Place { challenge, authorization_servers, issuer_metadata_redirect };

  Discovery find(Place place, const HostileTarget& target) {
    std::string origin;
    ScriptedServer server([&](Peer& peer) {
      for (std::string request; !(request = peer.read_request()).empty();)
        answer(peer, request, origin, place, target);
    });
    origin = server.origin();
    open(server);
    const auto found = run_to_end(
        context, discover({.server_url = origin + "/mcp", .allowances = allowances}, *client));
    EXPECT_TRUE(found) << target.url;
    return found.value_or(Discovery{});
  }

 private:
  static void answer(Peer& peer, const std::string& request, const std::string& origin, Place place,
                     const HostileTarget& target) {
    const auto wants = [&](std::string_view path) {
      return request.find(" /.well-known/" + std::string(path)) != std::string::npos;
    };
    if (wants("oauth-protected-resource")) {
      const std::string issuer =
          place == Place::authorization_servers ? json_text(target.url) : json_text(origin);
      peer.answer(
          R"({"resource":")" + origin + R"(/mcp","authorization_servers":[)" + issuer + "]}",
          "Content-Type: application/json\r\n");
    } else if (wants("oauth-authorization-server") || wants("openid-configuration")) {
      peer.send("HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: " +
                std::string(target.url) + "\r\n\r\n");
    } else {
      std::string challenge = "Bearer";
      if (place == Place::challenge) challenge += " resource_metadata=" + json_text(target.url);
      peer.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: " + challenge +
                "\r\n\r\n");
    }
  }
};

TEST_F(HostileDocuments, lead_discovery_nowhere) {
  int asked = 0;
  for (const HostileTarget& target : kHostileTargets) {
    for (const Place place :
         {Place::challenge, Place::authorization_servers, Place::issuer_metadata_redirect}) {
      if (place != Place::authorization_servers && !redirects_there(target)) continue;
      const Discovery found = find(place, target);
      EXPECT_FALSE(found.server.has_value()) << target.url << " " << static_cast<int>(place);
      EXPECT_FALSE(require_server(found).has_value()) << target.url;
      EXPECT_FALSE(found.guessed_endpoints) << target.url << " " << static_cast<int>(place);
      ++asked;
      if (!network->attempts.empty()) FAIL() << target.url << " " << network->attempts.front();
    }
  }
  EXPECT_GE(asked, 450);
}

TEST_F(HostileTargets, are_refused_as_registration_and_revocation_endpoints) {
  vault::MemoryStore store;
  RealClock clock;
  Registrar registrar(store.registrations(), *client, clock, {});
  for (const HostileTarget& target : kHostileTargets) {
    RegistrationRequest request;
    request.organization = local_organization();
    request.connection_name = "x";
    request.server.issuer = "https://good.example";
    request.server.registration_endpoint = target.url;
    request.server.token_endpoint = "https://good.example/token";
    request.redirect_uri = "http://127.0.0.1:1/callback";
    const auto registered = run_to_end(context, registrar.obtain(std::move(request)));
    ASSERT_FALSE(registered) << target.url;
    expect_refusal(registered.error(), target);
    vault::TokenSet tokens;
    tokens.refresh_token = Secret("r");
    const RevocationReport report =
        run_to_end(context, revoke(std::move(tokens), target.url, {}, {}, *client, clock));
    EXPECT_EQ(report.outcome, Revoked::failed) << target.url;
    EXPECT_NE(report.detail.find(target.words), std::string::npos)
        << target.url << ": " << report.detail;
  }
  EXPECT_TRUE(network->attempts.empty()) << network->attempts.front();
}

TEST_F(HostileTargets, gain_nothing_by_answering_differently_the_second_time) {
  EXPECT_EQ(send({.target = "https://rebinding.example/"}, {}).error().code, Errc::unavailable);
  EXPECT_EQ(send({.target = "https://rebinding.example/"}, {}).error().code, Errc::blocked_address);
  EXPECT_EQ(network->attempts, (std::vector<std::string>{"1.1.1.1"}));
}

}  // namespace
}  // namespace gatehouse::oauth_client
