// Which shard a server is called from, over the SQLite store. The shards share one loop here, so
// that every step is the same each time; hand_over_test and async's tests have real threads.
#include "upstream/crossing.hpp"

#include <gtest/gtest.h>

#include "async/run.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/listen_filter.hpp"
#include "vault/sqlite_store.hpp"
#include "vault/temporary_directory.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

/// A server of either era; each shard's client counts what it sends there.
struct Server {
  bool modern = true;
};

class CountingClient final : public http::Client {
 public:
  explicit CountingClient(Server& server) : server_(server) {}
  int calls = 0;
  int lists = 0;
  int initialized = 0;

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions) override {
    http::Reply reply;
    reply.status = request.method == "DELETE" ? 204 : 405;
    if (request.method != "POST") co_return reply;
    const Result<jsonrpc::Message> message = jsonrpc::prove(request.body);
    reply.status = message->kind == jsonrpc::MessageKind::notification ? 202 : 200;
    if (reply.status == 202) co_return reply;
    reply.headers.add("Content-Type", "application/json");
    if (message->method == "tools/list") ++lists;
    if (message->method == "tools/call") ++calls;
    if (message->method == "initialize") {
      ++initialized;
      reply.headers.add("Mcp-Session-Id", "session-" + std::to_string(initialized));
    }
    const std::string result = result_of(message->method, request);
    if (result.empty()) reply.status = 400;
    reply.body = result.empty() ? jsonrpc::make_error(message->id, -32600, "not of this revision")
                                : jsonrpc::make_result(message->id, result);
    co_return reply;
  }

 private:
  std::string result_of(std::string_view method, const http::Request& request) const {
    if (server_.modern) {
      if (method == "server/discover")
        return R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"})";
      if (method == "tools/list")
        return R"({"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"echo","inputSchema":{"type":"object"}}]})";
      return method == "tools/call" ? R"({"resultType":"complete","content":[]})" : "";
    }
    if (method == "initialize")
      return R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"old","version":"1"}})";
    if (!request.headers.find("Mcp-Session-Id")) return {};
    if (method == "tools/list")
      return R"({"tools":[{"name":"echo","inputSchema":{"type":"object"}}]})";
    return method == "tools/call" ? R"({"content":[]})" : "";
  }

  Server& server_;
};

class CrossingTest : public testing::Test {
 protected:
  static constexpr std::size_t kShards = 3;

  /// What one shard works with; its ear at the store is that of a FeedReader.
  struct Shard {
    Shard(CrossingTest& test)
        : tasks(test.context.get_executor(), test.log),
          client(test.server),
          tokens(*test.store, client, test.clock, tasks, test.log),
          upstreams({.http = client,
                     .store = *test.store,
                     .tokens = tokens,
                     .tasks = tasks,
                     .log = test.log,
                     .clock = test.clock,
                     .launch = nullptr}),
          ear(test.store->changes().listen(
              [this](const vault::Change& change) { upstreams.on_change(change); })) {}
    TaskGroup tasks;
    CountingClient client;
    oauth_client::TokenSource tokens;
    Upstreams upstreams;
    std::shared_ptr<void> ear;
  };

  CrossingTest() {
    vault::Connection connection;
    connection.id = ConnectionId::make();
    connection.organization = local_organization();
    connection.name = "notes";
    connection.url = "https://notes.example/mcp";
    connection.auth = vault::AuthKind::none;
    target.connection = std::make_shared<const vault::Connection>(
        run_to_end(context, store->connections().create(connection)).value());
    std::vector<Upstreams*> all;
    for (std::size_t i = 0; i < kShards; ++i) {
      shards.push_back(std::make_unique<Shard>(*this));
      all.push_back(&shards.back()->upstreams);
    }
    Upstreams::join(loops, all);
  }
  ~CrossingTest() override {
    for (const auto& shard : shards) run_to_end(context, shard->upstreams.shutdown());
    for (const auto& shard : shards) run_to_end(context, shard->tasks.shutdown());
  }

  bool call_from(std::size_t shard) {
    mcp::Request request;
    request.method = "tools/call";
    request.name = "echo";
    request.params = {R"("name":"echo","arguments":{})"};
    const Result<Outcome> outcome =
        run_to_end(context, shards[shard]->upstreams.request(target, std::move(request)));
    return outcome && std::holds_alternative<mcp::Success>(*outcome);
  }
  bool list_from(std::size_t shard) {
    const Result<ListOutcome> outcome =
        run_to_end(context, shards[shard]->upstreams.refresh_catalog(target));
    return outcome && std::holds_alternative<vault::StoredCatalog>(*outcome);
  }
  std::vector<int> each(int CountingClient::* what) const {
    std::vector<int> counts;
    for (const auto& shard : shards) counts.push_back(shard->client.*what);
    return counts;
  }
  static int shards_with(const std::vector<int>& counts) {
    return static_cast<int>(std::ranges::count_if(counts, [](int count) { return count > 0; }));
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
  Server server;
  Shards loops{std::vector<Executor>(kShards, context.get_executor())};
  std::vector<std::unique_ptr<Shard>> shards;
  Target target;
};

TEST_F(CrossingTest, a_modern_server_is_called_from_the_shard_that_is_asked_once_its_era_is_known) {
  for (std::size_t shard = 0; shard < kShards; ++shard) ASSERT_TRUE(call_from(shard));
  for (std::size_t shard = 0; shard < kShards; ++shard) ASSERT_TRUE(call_from(shard));
  const std::vector<int> calls = each(&CountingClient::calls);
  EXPECT_EQ(shards_with(calls), static_cast<int>(kShards));
  EXPECT_EQ(calls[0] + calls[1] + calls[2], 6);
}

TEST_F(CrossingTest, a_legacy_server_has_one_session_on_one_shard) {
  server.modern = false;
  for (std::size_t shard = 0; shard < kShards; ++shard) ASSERT_TRUE(call_from(shard));
  for (std::size_t shard = 0; shard < kShards; ++shard) ASSERT_TRUE(call_from(shard));
  EXPECT_EQ(shards_with(each(&CountingClient::calls)), 1);
  const std::vector<int> sessions = each(&CountingClient::initialized);
  EXPECT_EQ(sessions[0] + sessions[1] + sessions[2], 1);
}

TEST_F(CrossingTest, tools_are_listed_by_one_shard_whoever_asks_and_whatever_the_era) {
  for (std::size_t shard = 0; shard < kShards; ++shard) ASSERT_TRUE(list_from(shard));
  EXPECT_EQ(shards_with(each(&CountingClient::lists)), 1);
}

TEST_F(CrossingTest, a_call_that_knows_an_older_revision_does_not_bring_back_a_disabled_server) {
  server.modern = false;
  ASSERT_TRUE(call_from(0));
  vault::Connection changed = *target.connection;
  changed.options.enabled = false;
  ASSERT_TRUE(run_to_end(context, store->connections().update(changed)));
  context.restart();
  context.run();
  int refused = 0;
  for (std::size_t shard = 0; shard < kShards; ++shard) refused += call_from(shard) ? 0 : 1;
  EXPECT_GE(refused, static_cast<int>(kShards) - 1);  // the owner's own directory heard of it
}

TEST(Interests, are_united_and_divided_among_shards) {
  mcp::Interest left;
  left.tools = true;
  left.resource_uris = {"a:1"};
  left.log_level = "warning";
  mcp::Interest right;
  right.prompts = true;
  right.resource_uris = {"a:1", "a:2"};
  right.log_level = "info";
  const mcp::Interest all = unite({{0, left}, {2, right}});
  EXPECT_TRUE(all.tools && all.prompts && !all.resources);
  EXPECT_EQ(all.resource_uris.size(), 2U);
  EXPECT_EQ(all.log_level, "info");
  mcp::Interest granted = all;
  granted.resource_uris.erase("a:1");
  granted.prompts = false;
  EXPECT_EQ(mcp::intersect(left, granted).resource_uris.size(), 0U);
  EXPECT_TRUE(mcp::intersect(left, granted).tools);
  EXPECT_FALSE(mcp::intersect(right, granted).prompts);
}

}  // namespace
}  // namespace gatehouse::upstream
