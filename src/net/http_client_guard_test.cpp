// The guarded way out as a whole: what is resolved is checked, what is checked is connected, and
// redirects begin anew. A recording dialer stands where connections would be made.
#include <gtest/gtest.h>

#include <map>

#include "fakes/client_fixture.hpp"

namespace gatehouse::net {
namespace {

using fakes::ClientFixture;
using fakes::Peer;
using fakes::ScriptedServer;

/// Answers each lookup of a name with the next of its lists; the last one stays.
class ScriptedResolver final : public Resolver {
 public:
  Task<Result<std::vector<IpAddress>>> resolve(std::string host, CallLimit&) override {
    ++lookups;
    if (const auto literal = IpAddress::parse(host)) co_return std::vector{*literal};
    auto& lists = names[host];
    if (lists.empty()) co_return fail(Errc::unavailable, "no such name");
    std::vector<IpAddress> addresses;
    for (const char* text : lists.front()) addresses.push_back(*IpAddress::parse(text));
    if (lists.size() > 1) lists.erase(lists.begin());
    co_return addresses;
  }
  std::map<std::string, std::vector<std::vector<const char*>>> names;
  int lookups = 0;
};

class RecordingDialer final : public Dialer {
 public:
  Task<Result<Dialed>> dial(std::vector<Endpoint> endpoints, CallLimit&) override {
    for (const Endpoint& endpoint : endpoints) attempts.push_back(endpoint.address.text());
    co_return fail(Errc::unavailable, "recorded");
  }
  std::vector<std::string> attempts;
};

class HttpClientGuard : public ClientFixture {
 protected:
  HttpClientGuard() { record({}); }

  void record(ClientConfig config) {
    auto scripted = std::make_unique<ScriptedResolver>();
    auto recording = std::make_unique<RecordingDialer>();
    resolver = scripted.get();
    dialer = recording.get();
    use({.resolver = std::move(scripted), .dialer = std::move(recording)}, std::move(config));
  }
  Errc attempt(const std::string& url, http::SendOptions options = {}) {
    return send({.target = url}, options).error().code;
  }

  ScriptedResolver* resolver = nullptr;
  RecordingDialer* dialer = nullptr;
};

TEST_F(HttpClientGuard, connects_to_no_special_address_however_it_is_written) {
  resolver->names["metadata.example"] = {{"169.254.169.254"}};
  resolver->names["mixed.example"] = {{"1.1.1.1", "10.0.0.1"}};
  resolver->names["2130706433"] = {{"127.0.0.1"}};
  resolver->names["localhost"] = {{"::1", "127.0.0.1"}};
  for (const char* url :
       {"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.1.1.1/",
        "https://[64:ff9b::a9fe:a9fe]/", "https://metadata.example/", "https://mixed.example/",
        "https://2130706433/", "https://localhost/", "http://1.1.1.1/", "https://0.0.0.0/"}) {
    EXPECT_EQ(attempt(url), Errc::blocked_address) << url;
  }
  EXPECT_TRUE(dialer->attempts.empty());
  EXPECT_EQ(attempt("file:///etc/passwd"), Errc::invalid_argument);
}

TEST_F(HttpClientGuard, connects_to_the_addresses_that_were_checked) {
  resolver->names["good.example"] = {{"1.1.1.1", "2606:4700::1111"}};
  EXPECT_EQ(attempt("https://good.example/"), Errc::unavailable);
  EXPECT_EQ(dialer->attempts, (std::vector<std::string>{"1.1.1.1", "2606:4700::1111"}));
  EXPECT_EQ(resolver->lookups, 1);
}

TEST_F(HttpClientGuard, checks_again_at_each_connect_so_that_rebinding_gains_nothing) {
  resolver->names["rebinding.example"] = {{"1.1.1.1"}, {"127.0.0.1"}};
  EXPECT_EQ(attempt("https://rebinding.example/"), Errc::unavailable);
  EXPECT_EQ(attempt("https://rebinding.example/"), Errc::blocked_address);
  EXPECT_EQ(dialer->attempts, (std::vector<std::string>{"1.1.1.1"}));
}

TEST_F(HttpClientGuard, refuses_through_a_proxy_what_resolves_here_to_refused_ranges) {
  record({.proxy = {.https_proxy = "http://10.9.9.9:3128"}});
  resolver->names["inside.example"] = {{"10.0.0.1"}};
  resolver->names["outside.example"] = {{"1.1.1.1"}};
  EXPECT_EQ(attempt("https://inside.example/"), Errc::blocked_address);
  EXPECT_EQ(attempt("https://10.0.0.1/"), Errc::blocked_address);
  EXPECT_TRUE(dialer->attempts.empty());
  EXPECT_EQ(attempt("https://outside.example/"), Errc::unavailable);
  EXPECT_EQ(attempt("https://only-the-proxy-knows.example/"), Errc::unavailable);
  EXPECT_EQ(dialer->attempts, (std::vector<std::string>{"10.9.9.9", "10.9.9.9"}));
}

TEST_F(HttpClientGuard, makes_no_direct_connection_when_the_proxy_setting_is_broken) {
  record({.proxy = {.https_proxy = "socks5://proxy:1080"}});
  EXPECT_EQ(attempt("https://1.1.1.1/"), Errc::invalid_argument);
  EXPECT_TRUE(dialer->attempts.empty());
}

TEST_F(HttpClientGuard, tells_of_every_leg_up_to_the_one_that_fails) {
  using Kind = http::Leg::Kind;
  resolver->names["good.example"] = {{"1.1.1.1"}};
  resolver->names["inside.example"] = {{"10.0.0.1"}};
  const auto trace = [this](const char* url) {
    return run_to_end(context, client->trace(url, {})).value();
  };
  const auto refused = trace("https://good.example/");
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].kind, Kind::name);
  EXPECT_EQ(refused[0].detail, "good.example is 1.1.1.1");
  EXPECT_FALSE(refused[0].error);
  EXPECT_EQ(refused[1].kind, Kind::connection);
  EXPECT_EQ(refused[1].error->code, Errc::unavailable);
  const auto blocked = trace("https://inside.example/");
  ASSERT_EQ(blocked.size(), 1U);
  EXPECT_EQ(blocked[0].error->code, Errc::blocked_address);
  EXPECT_EQ(run_to_end(context, client->trace("http://1.1.1.1/", {})).error().code,
            Errc::blocked_address);
  record({.proxy = {.https_proxy = "http://10.9.9.9:3128"}});
  const auto proxied = trace("https://only-the-proxy-knows.example/");
  ASSERT_EQ(proxied.size(), 2U);
  EXPECT_NE(proxied[0].detail.find("the proxy resolves it"), std::string::npos);
  EXPECT_EQ(proxied[1].kind, Kind::proxy);
  EXPECT_TRUE(proxied[1].error);
}

class HttpClientRedirects : public ClientFixture {
 protected:
  http::SendOptions follow(std::vector<std::string> origins) {
    allowances.clear();
    for (std::string& origin : origins) allowances.push_back({.origin = std::move(origin)});
    http::SendOptions options;
    options.allowances = allowances;
    options.redirects = http::Redirects::follow;
    return options;
  }
  static void redirect(Peer& peer, std::string_view to) {
    peer.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + std::string(to) +
              "\r\n\r\n");
  }
  std::vector<http::Allowance> allowances;
};

TEST_F(HttpClientRedirects, are_not_met_by_a_trace_which_sends_nothing) {
  ScriptedServer server([](Peer& peer) { peer.wait_closed(); });
  const auto legs = run_to_end(context, client->trace(server.origin(), follow({server.origin()})));
  ASSERT_EQ(legs->size(), 2U);
  EXPECT_EQ((*legs)[0].detail, "127.0.0.1 is an address");
  EXPECT_NE((*legs)[1].detail.find("connected to 127.0.0.1 port"), std::string::npos);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpClientRedirects, follow_get_within_an_origin_with_its_headers) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    redirect(peer, "../other?y");
    peer.read_request();
    peer.answer("there");
  });
  http::Request request{.target = server.origin() + "/a/b", .headers = {{"Authorization", "x"}}};
  const auto reply = send(request, follow({server.origin()}));
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "there");
  EXPECT_EQ(reply->url, server.origin() + "/other?y");
  EXPECT_NE(server.requests()[1].find("Authorization: x"), std::string::npos);
}

TEST_F(HttpClientRedirects, leave_everything_but_accept_behind_across_origins) {
  ScriptedServer other([](Peer& peer) {
    peer.read_request();
    peer.answer("other");
  });
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    redirect(peer, other.origin() + "/x");
  });
  http::Request request{.target = server.origin() + "/"};
  request.headers = {{"Authorization", "x"}, {"Cookie", "c"}, {"X-Key", "k"}, {"Accept", "a/b"}};
  EXPECT_EQ(send(request, follow({server.origin(), other.origin()}))->body, "other");
  const std::string second = other.requests()[0];
  EXPECT_NE(second.find("Accept: a/b\r\n"), std::string::npos);
  for (const char* name : {"Authorization", "Cookie", "X-Key"})
    EXPECT_EQ(second.find(name), std::string::npos) << name;
}

TEST_F(HttpClientRedirects, are_checked_anew_at_each_hop) {
  ScriptedServer inside([](Peer& peer) { peer.read_request(); });
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    redirect(peer, inside.origin() + "/secret");
  });
  const auto reply = send({.target = server.origin() + "/"}, follow({server.origin()}));
  EXPECT_EQ(reply.error().code, Errc::blocked_address);
  EXPECT_EQ(inside.connections(), 0);
}

TEST_F(HttpClientRedirects, end_after_five_and_are_answers_for_other_methods) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) redirect(peer, "/again");
  });
  EXPECT_EQ(send({.target = server.origin() + "/"}, follow({server.origin()})).error().code,
            Errc::too_large);
  EXPECT_EQ(server.requests().size(), 6U);
  const auto posted =
      send({.method = "POST", .target = server.origin() + "/"}, follow({server.origin()}));
  EXPECT_EQ(posted->status, 302);
  EXPECT_EQ(get(server)->status, 302);
}

}  // namespace
}  // namespace gatehouse::net
