// Which session serves which call, what is followed, and what becomes of faults, against servers
// played by an http::Client over the memory store.
#include <gtest/gtest.h>

#include "async/run.hpp"
#include "async/start.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/capabilities.hpp"
#include "upstream/profile.hpp"
#include "upstream/upstreams.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

/// Of either era; keeps what it was sent.
class Server final : public http::Client {
 public:
  explicit Server(Executor executor) : changed(executor) {}

  mcp::Era era = mcp::Era::legacy;
  std::vector<std::string> bodies;
  std::vector<Error> failures;  ///< the next requests that are no handshake end so
  std::string retry_after;      ///< with 429
  int sessions = 0;
  bool held = false;  ///< tools/call is not answered before let_go()
  bool has_resources = false;
  Condition changed;

  int count(std::string_view part) const {
    return static_cast<int>(std::ranges::count_if(
        bodies, [&](const std::string& body) { return body.find(part) != std::string::npos; }));
  }
  void let_go() {
    held = false;
    changed.notify_all();
  }

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions) override {
    http::Reply reply;
    reply.status = 405;
    if (request.method != "POST") co_return reply;
    const std::string body = request.body;
    const Result<jsonrpc::Message> message = jsonrpc::prove(body);
    bodies.push_back(body);
    changed.notify_all();
    reply.status = message->kind == jsonrpc::MessageKind::notification ? 202 : 200;
    if (reply.status == 202) co_return reply;
    if (message->method == "server/discover") {
      if (era == mcp::Era::legacy) reply.status = 404;
      reply.body = jsonrpc::make_result(
          message->id, R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}})");
      if (era == mcp::Era::legacy) reply.body = "no such page";
      co_return reply;
    }
    if (message->method == "initialize") {
      reply.headers.add("Mcp-Session-Id", "session-" + std::to_string(++sessions));
      reply.body = jsonrpc::make_result(
          message->id,
          std::string(R"({"protocolVersion":"2025-11-25","capabilities":{"logging":{},)"
                      R"("tools":{"listChanged":true})") +
              (has_resources ? R"(,"resources":{"subscribe":true})" : "") +
              R"(},"serverInfo":{"name":"old","version":"1"}})");
      co_return reply;
    }
    if (!retry_after.empty()) {
      reply.status = 429;
      reply.headers.add("Retry-After", retry_after);
      co_return reply;
    }
    while (held && message->method == "tools/call") co_await changed.wait();
    if (!failures.empty()) {
      const Error failure = failures.front();
      failures.erase(failures.begin());
      co_return std::unexpected(failure);
    }
    const bool list = message->method == "tools/list";
    reply.body = jsonrpc::make_result(
        message->id,
        list ? R"({"tools":[{"name":"look","inputSchema":{"type":"object"}}]})" : "{}");
    co_return reply;
  }
};

class Somebody final : public mcp_client::Interaction {
 public:
  explicit Somebody(mcp::ClientCapabilities can) : can_(std::move(can)) {}
  const mcp::ClientCapabilities& capabilities() const override { return can_; }
  Task<Result<std::string>> answer(std::string_view, std::string_view) override { co_return "{}"; }

 private:
  mcp::ClientCapabilities can_;
};

class SessionsTest : public testing::Test {
 protected:
  ~SessionsTest() override {
    run_to_end(context, upstreams.shutdown());
    run_to_end(context, tasks.shutdown());
  }
  Target make(vault::CredentialMode mode = vault::CredentialMode::shared) {
    vault::Connection connection;
    connection.organization = local_organization();
    connection.name = "s" + std::to_string(++made_);
    connection.url = "https://" + connection.name + ".example/mcp";
    connection.auth = vault::AuthKind::none;
    connection.mode = mode;
    return {std::make_shared<const vault::Connection>(
                run_to_end(context, store.connections().create(connection)).value()),
            local_member(), "default"};
  }
  static mcp::Request call_of(std::string_view method) {
    static const std::string params = R"("name":"look","arguments":{})";
    mcp::Request request;
    request.method = method;
    request.params = {params};
    request.name = "look";
    return request;
  }
  Result<Outcome> call(const Target& target, mcp_client::Interaction* interaction = nullptr,
                       std::string_view method = "tools/call") {
    return run_to_end(context, upstreams.request(target, call_of(method), interaction));
  }
  static Task<> call_into(SessionsTest& test, Target target, mcp_client::Interaction* interaction) {
    auto outcome = co_await test.upstreams.request(target, call_of("tools/call"), interaction);
    if (!outcome) test.failed.push_back(outcome.error().code);
  }
  mcp::Interest tools() const {
    mcp::Interest interest;
    interest.tools = true;
    return interest;
  }

  boost::asio::io_context context;
  NullLogger log;
  ManualClock clock;
  vault::MemoryStore store;
  Server server{context.get_executor()};
  TaskGroup tasks{context.get_executor(), log};
  oauth_client::TokenSource tokens{store, server, clock, tasks, log};
  std::vector<Errc> failed;
  Upstreams upstreams{{server, store, tokens, tasks, log, clock, nullptr}};

 private:
  int made_ = 0;
};

TEST_F(SessionsTest, a_legacy_server_is_told_what_the_requester_of_this_call_declared) {
  const Target target = make();
  Somebody form(mcp::make_client_capabilities(true, false));
  Somebody much(mcp::make_client_capabilities(true, true, true, true));
  ASSERT_TRUE(call(target));
  EXPECT_EQ(server.count(R"("capabilities":{},"clientInfo")"), 1);
  ASSERT_TRUE(call(target, &form));
  EXPECT_EQ(server.count(R"("capabilities":{"elicitation":{"form":{}}})"), 1);
  ASSERT_TRUE(call(target, &much));
  ASSERT_TRUE(call(target, &form));
  ASSERT_TRUE(call(target));
  EXPECT_EQ(server.sessions, 3);
  EXPECT_EQ(server.count(R"("elicitation":{"form":{},"url":{}},"sampling":{},"roots":{}})"), 1);
}

TEST_F(SessionsTest, a_modern_server_has_one_peer_and_is_told_with_each_request) {
  server.era = mcp::Era::modern;
  const Target target = make();
  Somebody form(mcp::make_client_capabilities(true, false));
  ASSERT_TRUE(call(target, &form));
  ASSERT_TRUE(call(target));
  ASSERT_TRUE(call(target, &form));
  EXPECT_EQ(server.count("server/discover"), 1);
  EXPECT_EQ(upstreams.live(), 1U);
  EXPECT_EQ(server.count(R"(clientCapabilities":{"elicitation":{"form":{}}})"), 3)
      << "discovery, too";
}

TEST_F(SessionsTest, members_who_share_a_credential_share_no_legacy_session) {
  Target target = make(vault::CredentialMode::shared);
  target.member = MemberId::make();
  ASSERT_TRUE(call(target));
  ASSERT_TRUE(call(target));
  target.member = MemberId::make();
  ASSERT_TRUE(call(target));
  EXPECT_EQ(server.sessions, 2);
}

TEST_F(SessionsTest, the_number_of_sessions_by_capabilities_is_bounded) {
  const Target target = make();
  const auto with_extension = [](int number) {
    mcp::ClientCapabilities capabilities;
    capabilities.raw = R"({"extensions":{"x/)" + std::to_string(number) + R"(":{}}})";
    return capabilities;
  };
  std::vector<std::unique_ptr<Somebody>> people;
  server.held = true;
  for (std::size_t i = 0; i < limits::kUpstreamProfiles; ++i) {
    people.push_back(std::make_unique<Somebody>(with_extension(static_cast<int>(i))));
    tasks.spawn("call", call_into(*this, target, people.back().get()));
  }
  context.restart();
  while (server.count("tools/call") < static_cast<int>(limits::kUpstreamProfiles)) {
    ASSERT_NE(context.run_one(), 0U);
  }
  Somebody another(with_extension(100));
  EXPECT_TRUE(failed.empty());
  tasks.spawn("call", call_into(*this, target, &another));
  while (failed.empty()) ASSERT_NE(context.run_one(), 0U);
  EXPECT_EQ(failed, std::vector{Errc::rate_limited}) << "all are busy";
  server.let_go();
  run_to_end(context, tasks.drain());
  EXPECT_TRUE(call(target, &another)) << "the one that rests longest has gone";
  EXPECT_EQ(upstreams.live(), limits::kUpstreamProfiles);
}

TEST_F(SessionsTest, what_is_followed_is_kept_open_asked_again_and_counts_as_changed_then) {
  const Target target = make();
  std::vector<std::string> heard;
  upstreams.on_notification(
      [&](const vault::CredentialKey& key, std::string_view method, std::string_view) {
        EXPECT_EQ(key, credential_key(target));
        heard.emplace_back(method);
      });
  const auto granted = run_to_end(context, upstreams.follow(target, tools()));
  ASSERT_TRUE(granted) << granted.error().detail;
  EXPECT_EQ(std::get<mcp::Interest>(*granted), tools());
  clock.advance(24h);
  upstreams.close_idle();
  EXPECT_EQ(upstreams.live(), 1U);
  upstreams.reset(target.connection->id);
  EXPECT_EQ(upstreams.live(), 0U);
  EXPECT_TRUE(heard.empty());
  ASSERT_TRUE(call(target));  // opens it anew
  run_to_end(context, tasks.drain());
  EXPECT_EQ(heard, std::vector<std::string>{"notifications/tools/list_changed"});
  ASSERT_TRUE(run_to_end(context, upstreams.follow(target, {})));
  clock.advance(24h);
  upstreams.close_idle();
  EXPECT_EQ(upstreams.live(), 0U);
}

TEST_F(SessionsTest, a_level_that_is_followed_is_set_in_every_session) {
  const Target target = make();
  Somebody form(mcp::make_client_capabilities(true, false));
  ASSERT_TRUE(call(target));
  ASSERT_TRUE(call(target, &form));
  mcp::Interest interest;
  interest.log_level = "warning";
  ASSERT_TRUE(run_to_end(context, upstreams.follow(target, interest)));
  run_to_end(context, tasks.drain());
  EXPECT_EQ(server.count(R"("logging/setLevel","params":{"level":"warning"})"), 2);
}

TEST_F(SessionsTest, what_is_followed_is_told_by_every_session_for_calls_change_things_in_theirs) {
  server.has_resources = true;
  const Target target = make();
  mcp::Interest interest;
  interest.resource_uris = {"file:///a"};
  ASSERT_TRUE(run_to_end(context, upstreams.follow(target, interest)));
  Somebody form(mcp::make_client_capabilities(true, false));
  ASSERT_TRUE(call(target, &form));
  run_to_end(context, tasks.drain());
  EXPECT_EQ(server.count(R"("resources/subscribe","params":{"uri":"file:///a"})"), 2);
  ASSERT_TRUE(run_to_end(context, upstreams.follow(target, {})));
  EXPECT_EQ(server.count("resources/unsubscribe"), 2);
}

TEST_F(SessionsTest, a_request_that_asks_for_log_messages_has_the_level_set_once) {
  const Target target = make();
  const std::string meta = R"("io.modelcontextprotocol/logLevel":"info","x/y":1)";
  for (int i = 0; i < 2; ++i) {
    mcp::Request request = call_of("tools/call");
    request.meta = meta;
    ASSERT_TRUE(run_to_end(context, upstreams.request(target, request)));
  }
  EXPECT_EQ(server.count(R"("logging/setLevel","params":{"level":"info"})"), 1);
  EXPECT_EQ(server.count("io.modelcontextprotocol/logLevel"), 0);
  EXPECT_EQ(server.count(R"("x/y":1)"), 2);
}

TEST_F(SessionsTest, a_read_whose_answer_was_lost_is_repeated_once_and_a_call_never) {
  const Target target = make();
  const Error lost{Errc::outcome_unknown, "the stream broke", {}};
  server.failures = {lost};
  EXPECT_TRUE(call(target, nullptr, "resources/read"));
  server.failures = {lost, lost};
  EXPECT_EQ(call(target, nullptr, "resources/read").error().code, Errc::outcome_unknown);
  server.failures = {lost};
  EXPECT_EQ(call(target).error().code, Errc::outcome_unknown);
  EXPECT_EQ(server.count("tools/call"), 1);
}

TEST_F(SessionsTest, a_server_that_asks_for_rest_gets_it) {
  const Target target = make();
  ASSERT_TRUE(call(target));
  server.retry_after = "30";
  const auto refused = call(target);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::rate_limited);
  EXPECT_EQ(refused.error().hint, "try again in 30 s");
  const int sent = server.count("tools/call");
  server.retry_after.clear();
  clock.advance(10s);
  const auto later = call(target);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, Errc::rate_limited);
  EXPECT_NE(later.error().detail.find("20 s"), std::string::npos) << later.error().detail;
  EXPECT_EQ(run_to_end(context, upstreams.refresh_catalog(target)).error().code,
            Errc::rate_limited);
  EXPECT_EQ(server.count("tools/call"), sent);
  clock.advance(20s);
  EXPECT_TRUE(call(target));
  server.retry_after = "86400";
  EXPECT_FALSE(call(target));
  server.retry_after.clear();
  clock.advance(5min);
  EXPECT_TRUE(call(target)) << "not for a day";
}

TEST_F(SessionsTest, a_call_reaches_a_server_that_has_become_one_of_the_older_era) {
  vault::ConnectionStore& connections = store.connections();
  const Target target = make();
  auto state =
      *run_to_end(context, connections.load_state(local_organization(), target.connection->id));
  state.era = "modern";
  state.protocol_version = "2026-07-28";
  state.era_at = clock.now();
  ASSERT_TRUE(run_to_end(
      context, connections.save_state(local_organization(), target.connection->id, state)));
  server.failures = {{Errc::session_lost, "wants an initialize", {}}};
  EXPECT_TRUE(call(target));
}

TEST(Profile, is_what_the_requester_declared_and_somebody_can_answer) {
  mcp::Request request;
  mcp::ClientCapabilities declared = mcp::make_client_capabilities(true, true, true, true);
  declared.raw =
      R"({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{"listChanged":true},)"
      R"("extensions":{"io.modelcontextprotocol/ui":{"a":1},"io.modelcontextprotocol/tasks":{}}})";
  request.capabilities = &declared;
  const Somebody all(declared), form(mcp::make_client_capabilities(true, false));
  const std::string ui = R"("extensions":{"io.modelcontextprotocol/ui":{"a":1}}})";
  EXPECT_EQ(relayed_capabilities(request, &all, Roots::of_requester).raw,
            R"({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{},)" + ui);
  EXPECT_FALSE(relayed_capabilities(request, &all, Roots::of_connection).roots);
  EXPECT_EQ(relayed_capabilities(request, &form, Roots::of_requester).raw,
            R"({"elicitation":{"form":{}},)" + ui);
  EXPECT_EQ(relayed_capabilities(request, nullptr, Roots::of_requester).raw, "{" + ui);
  EXPECT_EQ(relayed_capabilities({}, nullptr, Roots::of_requester).raw, "{}");
}

TEST(Profile, the_lower_level_is_the_more_talkative_one) {
  EXPECT_EQ(lower_level("warning", "info"), "info");
  EXPECT_EQ(lower_level("debug", "error"), "debug");
  EXPECT_EQ(lower_level("", "error"), "error");
  EXPECT_EQ(lower_level("error", ""), "error");
}

}  // namespace
}  // namespace gatehouse::upstream
