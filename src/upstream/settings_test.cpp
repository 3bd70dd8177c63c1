// Every setting of a connection changes what its server sees, against servers played by an
// http::Client over the memory store.
#include <gtest/gtest.h>

#include <functional>

#include "async/run.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "upstream/upstreams.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTools =
    R"({"tools":[)"
    R"({"name":"look","annotations":{"readOnlyHint":true},"inputSchema":{"type":"object"}},)"
    R"({"name":"put","annotations":{"idempotentHint":true},"inputSchema":{"type":"object"}},)"
    R"({"name":"post","inputSchema":{"type":"object"}}]})";

/// A Streamable HTTP server of 2025-11-25 that keeps what it was sent.
class Server final : public http::Client {
 public:
  explicit Server(Executor executor) : changed_(executor) {}

  std::vector<std::string> methods;  ///< as they came
  std::vector<std::string> bodies;
  std::vector<http::SendOptions> options;
  std::vector<Error> failures;  ///< the next tools/call ends so
  int deleted = 0;
  int waiting = 0;
  bool held = false;     ///< initialize is not answered before let_go()
  bool silent = false;   ///< nothing can be reached
  bool logging = false;  ///< declares the capability

  void let_go() {
    held = false;
    changed_.notify_all();
  }
  int count(std::string_view method) const {
    return static_cast<int>(std::ranges::count(methods, method));
  }
  std::string body_of(std::string_view method) const {
    const auto found = std::ranges::find(methods, method);
    return found == methods.end() ? "" : bodies[static_cast<std::size_t>(found - methods.begin())];
  }

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions sent) override {
    http::Reply reply;
    reply.status = 405;
    if (silent) co_return fail(Errc::unavailable, "nobody there");
    if (request.method == "GET") co_return reply;
    if (request.method == "DELETE") {
      ++deleted;
      reply.status = 204;
      co_return reply;
    }
    const Result<jsonrpc::Message> message = jsonrpc::prove(request.body);
    methods.emplace_back(message->method);
    bodies.push_back(request.body);
    options.push_back(sent);
    if (message->kind == jsonrpc::MessageKind::notification) reply.status = 202;
    if (message->method == "server/discover") reply.status = 404;
    if (message->method == "initialize") {
      ++waiting;
      while (held) co_await changed_.wait();
      --waiting;
      answer(reply, *message,
             std::string(R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{})") +
                 (logging ? R"(,"logging":{})" : "") +
                 R"(},"serverInfo":{"name":"old","version":"1"}})");
    } else if (message->method == "tools/list") {
      answer(reply, *message, kTools);
    } else if (message->method == "logging/setLevel") {
      answer(reply, *message, "{}");
    } else if (message->method == "tools/call") {
      if (!failures.empty()) {
        const Error failure = failures.front();
        failures.erase(failures.begin());
        co_return std::unexpected(failure);
      }
      answer(reply, *message, R"({"content":[]})");
    }
    co_return reply;
  }

 private:
  static void answer(http::Reply& reply, const jsonrpc::Message& message, std::string_view result) {
    reply.status = 200;
    reply.headers.add("Content-Type", "application/json");
    reply.body = jsonrpc::make_result(message.id, result);
  }
  Condition changed_;
};

class SettingsTest : public testing::Test {
 protected:
  ~SettingsTest() override {
    run_to_end(context, upstreams.shutdown());
    run_to_end(context, tasks.shutdown());
  }

  Target make(const std::string& name, vault::ConnectionOptions options = {}) {
    vault::Connection connection;
    connection.organization = local_organization();
    connection.name = name;
    connection.url = "https://" + name + ".example/mcp";
    connection.auth = vault::AuthKind::none;
    connection.options = std::move(options);
    return {std::make_shared<const vault::Connection>(
                run_to_end(context, store.connections().create(connection)).value()),
            local_member(), "default"};
  }

  static mcp::Request call_of(std::string_view tool, const std::string& params) {
    mcp::Request request;
    request.method = "tools/call";
    request.params = {params};
    request.name = tool;
    return request;
  }

  Result<Outcome> call(const Target& target, std::string_view tool) {
    const std::string params = "\"name\":" + jsonrpc::quote(tool) + ",\"arguments\":{}";
    return run_to_end(context, upstreams.request(target, call_of(tool, params)));
  }
  Result<ListOutcome> list(const Target& target) {
    return run_to_end(context, upstreams.refresh_catalog(target));
  }
  void settle() { run_to_end(context, tasks.drain()); }

  boost::asio::io_context context;
  NullLogger log;
  ManualClock clock;
  vault::MemoryStore store;
  Server server{context.get_executor()};
  TaskGroup tasks{context.get_executor(), log};
  oauth_client::TokenSource tokens{store, server, clock, tasks, log};
  Parts parts() {
    Parts made{server, store, tokens, tasks, log, clock, nullptr};
    made.max_live = 2;
    return made;
  }
  Upstreams upstreams{parts()};
};

TEST_F(SettingsTest, a_disabled_connection_is_neither_opened_nor_listed_nor_called) {
  vault::ConnectionOptions off;
  off.enabled = false;
  const Target target = make("off", off);
  EXPECT_EQ(call(target, "look").error().code, Errc::policy);
  EXPECT_EQ(list(target).error().code, Errc::policy);
  EXPECT_EQ(run_to_end(context, upstreams.connect(target)).error().code, Errc::policy);
  EXPECT_NE(list(target).error().hint.find("gatehouse enable off"), std::string::npos);
  EXPECT_TRUE(server.methods.empty());
}

TEST_F(SettingsTest, the_request_timeout_bounds_calls_and_listings) {
  vault::ConnectionOptions options;
  options.request_timeout = 1234ms;
  const Target target = make("quick", options);
  ASSERT_TRUE(list(target));
  ASSERT_TRUE(call(target, "look"));
  for (std::size_t i = 0; i < server.methods.size(); ++i) {
    if (server.methods[i] != "tools/list" && server.methods[i] != "tools/call") continue;
    EXPECT_LE(server.options[i].timeout, 1234ms) << server.methods[i];
  }
}

TEST_F(SettingsTest, the_connect_timeout_goes_with_every_request) {
  vault::ConnectionOptions options;
  options.connect_timeout = 700ms;
  ASSERT_TRUE(call(make("near", options), "look"));
  for (const http::SendOptions& sent : server.options) EXPECT_EQ(sent.connect_timeout, 700ms);
  server.options.clear();
  ASSERT_TRUE(call(make("far"), "look"));
  EXPECT_EQ(server.options.back().connect_timeout, limits::kConnectTimeout);
}

TEST_F(SettingsTest, reads_are_repeated_as_often_as_told_where_repeating_does_no_harm) {
  vault::ConnectionOptions options;
  options.read_retries = 2;
  const Target target = make("shaky", options);
  ASSERT_TRUE(list(target));
  const Error lost{Errc::outcome_unknown, "lost", {}};
  const Error away{Errc::unavailable, "away", {}};
  server.failures = {lost, away};
  EXPECT_TRUE(call(target, "look"));
  EXPECT_EQ(server.count("tools/call"), 3);
  server.failures = {lost};
  EXPECT_TRUE(call(target, "put"));
  server.failures = {lost, lost, lost};
  EXPECT_EQ(call(target, "look").error().code, Errc::outcome_unknown);
  server.failures = {lost};
  EXPECT_EQ(call(target, "post").error().code, Errc::outcome_unknown) << "it may write";
}

TEST_F(SettingsTest, without_the_setting_nothing_is_repeated) {
  const Target target = make("plain");
  ASSERT_TRUE(list(target));
  server.failures = {{Errc::unavailable, "away", {}}};
  EXPECT_FALSE(call(target, "look"));
  EXPECT_EQ(server.count("tools/call"), 1);
}

TEST_F(SettingsTest, roots_are_declared_and_a_server_that_may_log_is_told_the_level) {
  vault::ConnectionOptions options;
  options.roots = {"/home/a b/notes"};
  options.log_level = "warning";
  server.logging = true;
  ASSERT_TRUE(call(make("rooted", options), "look"));
  EXPECT_NE(server.body_of("initialize").find(R"("roots":{})"), std::string::npos);
  EXPECT_NE(server.body_of("logging/setLevel").find(R"("level":"warning")"), std::string::npos);
  server.methods.clear();
  server.bodies.clear();
  ASSERT_TRUE(call(make("bare"), "look"));
  EXPECT_EQ(server.body_of("initialize").find("roots"), std::string::npos);
  EXPECT_EQ(server.count("logging/setLevel"), 0);
}

TEST_F(SettingsTest, a_server_without_logging_is_not_told_a_level) {
  vault::ConnectionOptions options;
  options.log_level = "debug";
  ASSERT_TRUE(call(make("quiet", options), "look"));
  EXPECT_EQ(server.count("logging/setLevel"), 0);
}

TEST_F(SettingsTest, what_rests_long_enough_is_closed_unless_told_never) {
  vault::ConnectionOptions soon, never;
  soon.idle_timeout = 30s;
  never.idle_timeout = 0ms;
  ASSERT_TRUE(call(make("soon", soon), "look"));
  ASSERT_TRUE(call(make("never", never), "look"));
  clock.advance(29s);
  upstreams.close_idle();
  EXPECT_EQ(upstreams.live(), 2U);
  clock.advance(1s);
  upstreams.close_idle();
  settle();
  EXPECT_EQ(upstreams.live(), 1U);
  clock.advance(24h);
  upstreams.close_idle();
  EXPECT_EQ(upstreams.live(), 1U);
}

TEST_F(SettingsTest, beyond_max_live_the_least_recently_used_goes) {
  const Target first = make("first"), second = make("second"), third = make("third");
  ASSERT_TRUE(call(first, "look"));
  clock.advance(1s);
  ASSERT_TRUE(call(second, "look"));
  clock.advance(1s);
  ASSERT_TRUE(call(first, "look"));
  clock.advance(1s);
  ASSERT_TRUE(call(third, "look"));
  EXPECT_EQ(upstreams.live(), 2U);
  EXPECT_TRUE(upstreams.info(first));
  EXPECT_FALSE(upstreams.info(second));
  EXPECT_TRUE(upstreams.info(third));
}

TEST_F(SettingsTest, an_edit_closes_what_is_open_and_the_next_call_opens_it_anew) {
  const Target target = make("edited");
  ASSERT_TRUE(call(target, "look"));
  ASSERT_EQ(upstreams.live(), 1U);
  upstreams.on_change({1, "states", local_organization(), target.connection->id.value});
  EXPECT_EQ(upstreams.live(), 1U);
  upstreams.on_change({2, "connections", local_organization(), target.connection->id.value});
  EXPECT_EQ(upstreams.live(), 0U);
  settle();
  ASSERT_TRUE(call(target, "look"));
  EXPECT_EQ(server.count("initialize"), 2);
}

Task<> call_into(Upstreams& upstreams, Target target, CancelSource* cancel,
                 std::optional<Result<Outcome>>& into) {
  const std::string params = R"("name":"look","arguments":{})";
  mcp::Request request;
  request.method = "tools/call";
  request.params = {params};
  request.name = "look";
  request.cancel = cancel;
  into = co_await upstreams.request(target, std::move(request));
}

TEST_F(SettingsTest, a_call_that_is_cancelled_does_not_wait_for_an_opening_that_others_share) {
  const Target target = make("slow");
  server.held = true;
  CancelSource cancel;
  std::optional<Result<Outcome>> gone, staying;
  tasks.spawn("gone", call_into(upstreams, target, &cancel, gone));
  tasks.spawn("staying", call_into(upstreams, target, nullptr, staying));
  context.restart();
  while (server.waiting == 0) context.run_one();
  cancel.cancel();
  while (!gone) context.run_one();
  EXPECT_EQ(gone->error().code, Errc::cancelled);
  EXPECT_FALSE(staying);
  server.let_go();
  settle();
  ASSERT_TRUE(staying);
  EXPECT_TRUE(*staying);
}

TEST_F(SettingsTest, what_was_retired_while_it_opened_is_closed_when_its_call_has_ended) {
  const Target target = make("late");
  server.held = true;
  std::optional<Result<Outcome>> outcome;
  tasks.spawn("call", call_into(upstreams, target, nullptr, outcome));
  context.restart();
  while (server.waiting == 0) context.run_one();
  upstreams.reset(target.connection->id);
  server.let_go();
  settle();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(upstreams.live(), 0U);
}

TEST_F(SettingsTest, a_listing_asks_the_breaker) {
  const Target target = make("dead");
  server.silent = true;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(list(target));
  const auto refused = list(target);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("left alone"), std::string::npos);
  server.silent = false;
  clock.advance(1min);
  EXPECT_TRUE(list(target));
}

}  // namespace
}  // namespace gatehouse::upstream
