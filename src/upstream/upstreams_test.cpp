// Upstreams over the SQLite store, whose answers take a turn of the loop as in real life, against a
// legacy server played by an http::Client.
#include "upstream/upstreams.hpp"

#include <gtest/gtest.h>

#include "async/run.hpp"
#include "jsonrpc/message.hpp"
#include "vault/sqlite_store.hpp"
#include "vault/temporary_directory.hpp"

namespace gatehouse::upstream {
namespace {

/// Streamable HTTP of 2025-11-25 with a session.
class LegacyServer final : public http::Client {
 public:
  explicit LegacyServer(Executor executor) : opened_(executor) {}

  int initialized = 0;
  int deleted = 0;
  int waiting = 0;
  bool held = false;  ///< initialize is not answered before let_go()

  void let_go() {
    held = false;
    opened_.notify_all();
  }

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions) override {
    http::Reply reply;
    reply.status = 405;
    if (request.method == "GET") co_return reply;
    if (request.method == "DELETE") {
      ++deleted;
      reply.status = 204;
      co_return reply;
    }
    const Result<jsonrpc::Message> message = jsonrpc::prove(request.body);
    reply.status = message->kind == jsonrpc::MessageKind::notification ? 202 : 404;
    if (message->method == "initialize") {
      ++waiting;
      while (held) co_await opened_.wait();
      --waiting;
      ++initialized;
      reply.headers.add("Mcp-Session-Id", "session-" + std::to_string(initialized));
      answer(
          reply, *message,
          R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"old","version":"1"}})");
    } else if (message->method == "tools/list" && !request.headers.find("Mcp-Session-Id")) {
      reply.status = 400;
      reply.headers.add("Content-Type", "application/json");
      reply.body = jsonrpc::make_error(message->id, -32600, "unsupported MCP-Protocol-Version");
    } else if (message->method == "tools/list") {
      answer(reply, *message, R"({"tools":[{"name":"echo","inputSchema":{"type":"object"}}]})");
    }
    co_return reply;
  }

 private:
  static void answer(http::Reply& reply, const jsonrpc::Message& message, std::string_view result) {
    reply.status = 200;
    reply.headers.add("Content-Type", "application/json");
    reply.body = jsonrpc::make_result(message.id, result);
  }

  Condition opened_;
};

class UpstreamsTest : public testing::Test {
 protected:
  UpstreamsTest() {
    vault::Connection connection;
    connection.id = ConnectionId::make();
    connection.organization = local_organization();
    connection.name = "old";
    connection.url = "https://old.example/mcp";
    connection.auth = vault::AuthKind::none;
    target.connection = std::make_shared<const vault::Connection>(
        run_to_end(context, store->connections().create(connection)).value());
  }
  ~UpstreamsTest() override {
    run_to_end(context, upstreams.shutdown());
    run_to_end(context, tasks.shutdown());
  }

  void list(int& listed) { tasks.spawn("list", list_once(*this, listed)); }
  static Task<> list_once(UpstreamsTest& test, int& listed) {
    const Result<ListOutcome> outcome = co_await test.upstreams.refresh_catalog(test.target);
    if (outcome && std::holds_alternative<vault::StoredCatalog>(*outcome)) ++listed;
  }
  Task<> end_all() {
    co_await upstreams.shutdown(std::chrono::milliseconds(10));
    co_await tasks.shutdown();
  }
  void run_until_initialize_waits() {
    context.restart();
    while (server.waiting == 0) context.run_one();
  }

  boost::asio::io_context context;  // before the workers, see Workers
  vault::TemporaryDirectory directory;
  NullLogger log;
  ManualClock clock;
  Workers workers{1};
  vault::MasterKey key =
      vault::MasterKey::from_bytes(Secret(std::string(vault::MasterKey::kBytes, 'k'))).value();
  std::unique_ptr<vault::Store> store =
      vault::SqliteStore::open(directory.path() / "vault.db", vault::Sealer(key), workers, log)
          .value();
  LegacyServer server{context.get_executor()};
  TaskGroup tasks{context.get_executor(), log};
  oauth_client::TokenSource tokens{*store, server, clock, tasks, log};
  Upstreams upstreams{{server, *store, tokens, tasks, log, clock, nullptr}};
  Target target;
};

TEST_F(UpstreamsTest, the_farewell_to_a_session_still_finds_its_credentials) {
  int listed = 0;
  list(listed);
  run_to_end(context, tasks.drain());
  ASSERT_EQ(listed, 1);
  tokens.drop_cache();  // so that the farewell has to wait for the store
  upstreams.reset(target.connection->id);
  run_to_end(context, tasks.drain());
  EXPECT_EQ(server.deleted, 1);
}

TEST_F(UpstreamsTest, what_replaces_an_upstream_that_is_just_opening_is_opened_itself) {
  server.held = true;
  int listed = 0;
  list(listed);
  run_until_initialize_waits();
  upstreams.reset(target.connection->id);  // a login has ended meanwhile
  list(listed);
  server.let_go();
  run_to_end(context, tasks.drain());
  EXPECT_EQ(listed, 2);
  EXPECT_EQ(server.initialized, 2);
}

TEST_F(UpstreamsTest, a_server_that_is_of_another_era_than_before_is_found_out_anew) {
  vault::ConnectionStore& connections = store->connections();
  const ConnectionId& id = target.connection->id;
  auto state = *run_to_end(context, connections.load_state(local_organization(), id));
  state.era = "modern";
  state.protocol_version = "2026-07-28";
  state.era_at = clock.now();
  ASSERT_TRUE(run_to_end(context, connections.save_state(local_organization(), id, state)));
  const auto listed = run_to_end(context, upstreams.refresh_catalog(target));
  ASSERT_TRUE(listed) << listed.error().detail;
  EXPECT_TRUE(std::holds_alternative<vault::StoredCatalog>(*listed));
  EXPECT_EQ(run_to_end(context, connections.load_state(local_organization(), id))->era, "legacy");
}

TEST_F(UpstreamsTest, shutting_down_does_not_wait_for_a_server_that_is_silent) {
  server.held = true;
  int listed = 0;
  list(listed);
  run_until_initialize_waits();
  run_to_end(context, end_all());
  EXPECT_EQ(listed, 0);
  EXPECT_EQ(tasks.size(), 0U);
}

}  // namespace
}  // namespace gatehouse::upstream
