#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class ChangeContract : public StoreContract {
 protected:
  ChangeFeed& feed() { return store().changes(); }
  std::int64_t last() { return run(feed().last_number()).value(); }
  std::vector<std::string> tables_after(std::int64_t number) {
    std::vector<std::string> tables;
    for (const Change& change : run(feed().changes_after(number)).value())
      tables.push_back(change.table);
    return tables;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, ChangeContract, kStores, store_name);

TEST_P(ChangeContract, names_every_row_in_the_order_of_the_writes) {
  EXPECT_EQ(last(), 0);
  EXPECT_TRUE(run(feed().changes_after(0)).value().empty());
  const Connection connection = make_connection("a");
  login(key_of(connection));
  ASSERT_TRUE(run(connections().save_state(local_organization(), connection.id, {})));
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), {.connection = connection.id})));
  ASSERT_TRUE(run(
      agent_tokens().create({.id = {"tok_1"}, .organization = local_organization(), .hash = "h"})));
  ASSERT_TRUE(run(connections().erase(local_organization(), connection.id)));
  EXPECT_EQ(tables_after(0),
            (std::vector<std::string>{"connections", "credentials", "states", "catalogs",
                                      "agent_tokens", "credentials", "connections"}));
  const auto tail = run(feed().changes_after(4)).value();
  ASSERT_EQ(tail.size(), 3U);
  EXPECT_EQ(tail[0].number, 5);
  EXPECT_EQ(tail[0].id, "tok_1");
  EXPECT_EQ(tail[1].id, connection.id.value);
  EXPECT_EQ(tail[1].organization, local_organization());
  EXPECT_EQ(last(), 7);
  EXPECT_TRUE(run(feed().changes_after(7)).value().empty());
}

TEST_P(ChangeContract, says_nothing_of_writes_that_changed_nothing) {
  const Connection connection = make_connection("a");
  Connection stale = connection;
  stale.revision = 9;
  EXPECT_EQ(code(run(connections().update(stale))), Errc::conflict);
  EXPECT_EQ(last(), 1);
}

TEST_P(ChangeContract, tells_listeners_before_the_writer_goes_on) {
  std::vector<std::int64_t> heard;
  const auto handle = feed().listen([&](const Change& change) { heard.push_back(change.number); });
  ASSERT_NE(handle, nullptr);
  make_connection("a");
  EXPECT_EQ(heard, std::vector<std::int64_t>{1});
  make_connection("b");
  EXPECT_EQ(heard, (std::vector<std::int64_t>{1, 2}));
}

TEST_P(ChangeContract, tells_a_listener_nothing_after_its_handle_is_dropped) {
  int heard = 0;
  auto handle = feed().listen([&](const Change&) { ++heard; });
  make_connection("a");
  handle.reset();
  make_connection("b");
  EXPECT_EQ(heard, 1);
}

Task<> save_states(ConnectionStore& store, ConnectionId id, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    (void)co_await store.save_state(local_organization(), id, {});
}

TEST_P(ChangeContract, hands_out_a_thousand_at_a_time) {
  const Connection connection = make_connection("a");
  run_to_end(context_, save_states(connections(), connection.id, 1001));
  const auto first = run(feed().changes_after(0)).value();
  ASSERT_EQ(first.size(), kChangesAtOnce);
  EXPECT_EQ(first.back().number, 1000);
  EXPECT_EQ(run(feed().changes_after(1000)).value().size(), 2U);
}

TEST_P(ChangeContract, refuses_a_number_that_it_never_gave) {
  make_connection("a");
  EXPECT_EQ(code(run(feed().changes_after(2))), Errc::not_found);
  EXPECT_TRUE(run(feed().changes_after(1)));
}

}  // namespace
}  // namespace gatehouse::vault
