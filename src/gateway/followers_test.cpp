#include "gateway/followers.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fakes/gateway_fixture.hpp"

namespace gatehouse::gateway {
namespace {

using fakes::GatewayInside;
using fakes::PlayedProcess;
using Lines = std::vector<std::string>;

/// A server of 2025-11-25 that remembers what it was asked to tell.
struct TellingServer {
  PlayedProcess* process = nullptr;
  Lines asked;
  std::string tools = R"([{"name":"greet","inputSchema":{"type":"object"}}])";
  bool subscribes = true;

  void on_line(PlayedProcess& line, const jsonrpc::Message& message) {
    process = &line;
    if (message.kind != jsonrpc::MessageKind::request) return;
    if (message.method == "initialize") {
      return line.say(jsonrpc::make_result(
          message.id,
          R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}},"serverInfo":{"name":"old","version":"1"}})"));
    }
    if (message.method == "tools/list")
      return line.say(jsonrpc::make_result(message.id, "{\"tools\":" + tools + "}"));
    if (message.method.starts_with("resources/") && message.method.ends_with("subscribe")) {
      asked.push_back(message.method + " " + message.string_member("uri").value_or(""));
      if (subscribes) return line.say(jsonrpc::make_result(message.id, "{}"));
    }
    line.say(jsonrpc::make_error(message.id, -32601, "unknown"));
  }
  void tell(std::string_view method, std::string_view params) {
    process->say(jsonrpc::make_notification(method, params));
  }
};

struct MadeFollower final : mcp_server::Follower {
  std::shared_ptr<const mcp_server::Caller> who;
  mcp::Era used_era = mcp::Era::modern;
  mcp::Interest granted;
  Lines heard;

  const mcp_server::Caller& caller() const override { return *who; }
  mcp::Era era() const override { return used_era; }
  const mcp::Interest& interest() const override { return granted; }
  void post(std::string_view method, std::string_view params) override {
    heard.push_back(std::string(method) + " " + std::string(params));
  }
};

class FollowersTest : public testing::Test {
 protected:
  FollowersTest() {
    gateway.process = [this](PlayedProcess& process, const jsonrpc::Message& message) {
      server.on_line(process, message);
    };
    gateway.connection.transport = vault::Transport::stdio;
    gateway.connection.url.clear();
    gateway.connection.command = {"old-server"};
    gateway.add_connection();
    gateway.upstreams.on_notification(
        [this](const vault::CredentialKey& upstream, std::string_view method,
               std::string_view params) { followers.on_notification(upstream, method, params); });
    feed = gateway.store.changes().listen(
        [this](const vault::Change& change) { followers.on_change(change); });
  }
  ~FollowersTest() override {
    for (const auto& follower : made) followers.unfollow(*follower);
    drive(gateway.upstreams.shutdown());
    drive(gateway.tasks.shutdown());
  }

  void drive(Task<> work) {
    bool done = false;
    start(gateway.context.get_executor(), std::move(work),
          [&](const std::exception_ptr&) { done = true; });
    wait_until([&] { return done; });
  }
  template <class Predicate>
  void wait_until(Predicate predicate) {
    gateway.context.restart();
    while (!predicate() && gateway.context.run_one() > 0) {
    }
    EXPECT_TRUE(predicate());
  }
  std::shared_ptr<MadeFollower> make(mcp::Era era = mcp::Era::modern,
                                     OrganizationId organization = local_organization()) {
    identity::Principal principal = gateway.caller()->principal;
    principal.organization = std::move(organization);
    auto follower = std::make_shared<MadeFollower>();
    follower->who = make_caller(std::move(principal));
    follower->used_era = era;
    made.push_back(follower);
    return follower;
  }
  Result<mcp::Interest> follow(const std::shared_ptr<MadeFollower>& follower,
                               std::string connection, mcp::Interest wanted) {
    std::optional<Result<mcp::Interest>> granted;
    start(gateway.context.get_executor(),
          followers.follow(follower, std::move(connection), std::move(wanted)),
          [&](const std::exception_ptr&, std::optional<Result<mcp::Interest>> result) {
            granted = std::move(result);
          });
    wait_until([&] { return granted.has_value(); });
    if (granted && *granted) follower->granted = **granted;
    return *granted;
  }

  /// Lists the tools, which opens the connection.
  Task<> list() {
    (void)co_await gateway.directory.ensure_fresh();
    (void)co_await gateway.upstreams.refresh_catalog(
        {gateway.directory.find("notes")->connection, local_member(), "default"});
    (void)co_await gateway.directory.ensure_fresh();
  }

  TellingServer server;
  GatewayInside gateway;
  StateKeys keys = fixed_state_key(Secret(random_bytes(32)), "k1");
  Followers followers{{gateway.context.get_executor(), gateway.directory, gateway.upstreams,
                       gateway.refresher, gateway.tasks, gateway.log, gateway.clock},
                      keys};
  std::vector<std::shared_ptr<MadeFollower>> made;
  std::shared_ptr<void> feed;
};

TEST_F(FollowersTest, a_resource_is_subscribed_once_and_told_to_each_in_its_own_words) {
  const auto one = make();
  const auto all = make();
  const auto other = make();
  EXPECT_EQ(follow(one, "notes", {.resource_uris = {"file:///a"}})->resource_uris.size(), 1U);
  EXPECT_EQ(
      follow(all, "", {.resource_uris = {"gatehouse://notes/file:///a"}})->resource_uris.size(),
      1U);
  EXPECT_TRUE(follow(other, "", {.tools = true})->resource_uris.empty());
  EXPECT_EQ(server.asked, Lines{"resources/subscribe file:///a"});
  server.tell("notifications/resources/updated", R"({"uri":"file:///a"})");
  wait_until([&] { return !one->heard.empty() && !all->heard.empty(); });
  EXPECT_EQ(one->heard, Lines{R"(notifications/resources/updated {"uri":"file:///a"})"});
  EXPECT_EQ(all->heard,
            Lines{R"(notifications/resources/updated {"uri":"gatehouse://notes/file:///a"})"});
  EXPECT_TRUE(other->heard.empty());
  followers.unfollow(*one);
  followers.unfollow(*all);
  wait_until([&] { return server.asked.size() == 2; });
  EXPECT_EQ(server.asked.back(), "resources/unsubscribe file:///a");
}

TEST_F(FollowersTest, a_web_resource_is_told_of_as_it_was_asked_for) {
  const auto all = make();
  const std::string uri = "gatehouse://notes/https://example.com/x";
  EXPECT_EQ(follow(all, "", {.resource_uris = {uri}})->resource_uris.size(), 1U);
  server.tell("notifications/resources/updated", R"({"uri":"https://example.com/x"})");
  wait_until([&] { return !all->heard.empty(); });
  EXPECT_EQ(all->heard.front(), "notifications/resources/updated {\"uri\":\"" + uri + "\"}");
}

TEST_F(FollowersTest, a_subscription_that_the_server_refuses_is_an_error_or_not_granted) {
  server.subscribes = false;
  const auto legacy = make(mcp::Era::legacy);
  const auto refused = follow(legacy, "notes", {.resource_uris = {"file:///a"}});
  EXPECT_FALSE(refused);
  const auto modern = make();
  const auto granted = follow(modern, "notes", {.tools = true, .resource_uris = {"file:///a"}});
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->tools);
  EXPECT_TRUE(granted->resource_uris.empty());
}

TEST_F(FollowersTest, unknown_resources_are_not_found) {
  const auto legacy = make(mcp::Era::legacy);
  for (const std::string uri :
       {"file:///a", "gatehouse://other/file:///a", "https://example.com"}) {
    const auto refused = follow(legacy, "", {.resource_uris = {uri}});
    ASSERT_FALSE(refused) << uri;
    EXPECT_EQ(refused.error().code, Errc::not_found) << uri;
  }
}

TEST_F(FollowersTest, a_task_of_a_tool_that_may_not_be_called_is_not_granted) {
  drive(list());
  const auto one = make();
  const TaskIds ids(keys);
  const identity::Principal principal = gateway.caller()->principal;
  const std::string known = ids.seal(principal, {"notes", "greet", "t-1"});
  const std::string withdrawn = ids.seal(principal, {"notes", "gone", "t-2"});
  const auto granted = follow(one, "notes", {.task_ids = {known, withdrawn}});
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->task_ids.contains(known));
  EXPECT_FALSE(granted->task_ids.contains(withdrawn));
}

TEST_F(FollowersTest, a_changed_list_is_told_when_the_new_one_can_be_had) {
  const auto all = make();
  drive(list());
  follow(all, "", {.tools = true, .resource_uris = {"gatehouse://notes/file:///a"}});
  server.tools = R"([{"name":"wave","inputSchema":{"type":"object"}}])";
  server.tell("notifications/tools/list_changed", "{}");
  wait_until([&] { return !all->heard.empty(); });
  EXPECT_EQ(all->heard.front(), "notifications/tools/list_changed {}");
  EXPECT_TRUE(gateway.directory.find("notes")->has_tool("wave"));
}

TEST_F(FollowersTest, who_may_not_see_a_connection_hears_nothing_of_it) {
  const auto stranger = make(mcp::Era::modern, OrganizationId{"org_other"});
  const auto owner = make();
  const auto granted = follow(stranger, "notes", {.resource_uris = {"file:///a"}});
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->resource_uris.empty());
  follow(owner, "notes", {.resource_uris = {"file:///a"}});
  server.tell("notifications/resources/updated", R"({"uri":"file:///a"})");
  wait_until([&] { return !owner->heard.empty(); });
  EXPECT_TRUE(stranger->heard.empty());
}

TEST_F(FollowersTest, a_changed_list_is_told_to_each_follower_and_hashed_once_for_all) {
  drive(list());
  std::vector<std::shared_ptr<MadeFollower>> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(make());
    follow(all.back(), i % 2 == 0 ? "" : "notes", {.tools = true});
  }
  const auto before = gateway.directory.find("notes");
  EXPECT_TRUE(before->hashed());
  const ListHashes* const made_once = &before->hashes();
  EXPECT_EQ(&before->hashes(), made_once);
  EXPECT_EQ(before->hashes().prompts, 0U);
  server.tools = R"([{"name":"wave","inputSchema":{"type":"object"}}])";
  server.tell("notifications/tools/list_changed", "{}");
  for (const auto& one : all) wait_until([&] { return !one->heard.empty(); });
  EXPECT_NE(gateway.directory.find("notes")->hashes().tools, before->hashes().tools);
  for (const auto& one : all) EXPECT_EQ(one->heard, Lines{"notifications/tools/list_changed {}"});
}

TEST_F(FollowersTest, nothing_is_told_once_the_token_of_the_follower_has_expired) {
  const auto expiring = make();
  identity::Principal principal = gateway.caller()->principal;
  principal.expires_at = gateway.clock.now() + std::chrono::seconds(1);
  expiring->who = make_caller(std::move(principal));
  const auto lasting = make();
  drive(list());
  for (const auto& one : {expiring, lasting})
    follow(one, "notes", {.tools = true, .resource_uris = {"file:///a"}});
  server.tell("notifications/resources/updated", R"({"uri":"file:///a"})");
  wait_until([&] { return expiring->heard.size() == 1 && lasting->heard.size() == 1; });
  gateway.clock.advance(std::chrono::seconds(1));
  server.tell("notifications/resources/updated", R"({"uri":"file:///a"})");
  server.tell("notifications/tools/list_changed", "{}");
  wait_until([&] { return lasting->heard.size() == 3; });
  EXPECT_EQ(expiring->heard.size(), 1U);
}

TEST_F(FollowersTest, a_connection_that_goes_is_a_changed_list_and_says_nothing_more) {
  const auto all = make();
  drive(list());
  follow(all, "", {.tools = true, .resource_uris = {"gatehouse://notes/file:///a"}});
  all->heard.clear();
  bool erased = false;
  start(gateway.context.get_executor(),
        gateway.store.connections().erase(local_organization(), gateway.connection.id),
        [&](const std::exception_ptr&, const auto&) { erased = true; });
  wait_until([&] { return erased && !all->heard.empty(); });
  EXPECT_EQ(all->heard, Lines{"notifications/tools/list_changed {}"});
  server.tell("notifications/resources/updated", R"({"uri":"file:///a"})");
  drive(sleep_for(std::chrono::milliseconds(1)));
  EXPECT_EQ(all->heard.size(), 1U);
}

TEST_F(FollowersTest, log_messages_say_whose_they_are) {
  const auto all = make(mcp::Era::legacy);
  drive(list());
  follow(all, "", {.log_level = "info"});
  server.tell("notifications/message", R"({"level":"error","logger":"db","data":"x"})");
  server.tell("notifications/message", R"({"level":"error","data":"y"})");
  wait_until([&] { return all->heard.size() == 2; });
  EXPECT_EQ(all->heard[0],
            R"(notifications/message {"level":"error","logger":"notes/db","data":"x"})");
  EXPECT_EQ(all->heard[1],
            R"(notifications/message {"logger":"notes","level":"error","data":"y"})");
}

}  // namespace
}  // namespace gatehouse::gateway
