#include "vault/feed_reader.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "vault/memory_store.hpp"
#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

/// A feed that a test writes by hand.
class FakeFeed final : public ChangeFeed {
 public:
  Task<Result<std::int64_t>> last_number() override {
    if (broken) co_return fail(Errc::storage, "broken");
    co_return changes.empty() ? 0 : changes.back().number;
  }
  Task<Result<std::vector<Change>>> changes_after(std::int64_t number) override {
    if (broken) co_return fail(Errc::storage, "broken");
    if (pruned) co_return fail(Errc::not_found, "pruned");
    std::vector<Change> found;
    for (const Change& change : changes) {
      if (change.number > number && found.size() < kChangesAtOnce) found.push_back(change);
    }
    co_return found;
  }
  void add(std::int64_t number) { changes.push_back({number, "states", {}, "x"}); }

  std::vector<Change> changes;
  bool broken = false;
  bool pruned = false;
};

class FeedReaderTest : public testing::Test {
 protected:
  void listen(FeedReader& reader) {
    reader.subscribe([this](const Change& change) { heard_.push_back(change.number); },
                     [this] { ++lost_; });
  }
  template <class T>
  T run(Task<T> task) {
    return run_to_end(context_, std::move(task));
  }
  boost::asio::io_context context_;
  ManualClock clock_;
  NullLogger logger_;
  FakeFeed feed_;
  std::vector<std::int64_t> heard_;
  int lost_ = 0;
};

TEST_F(FeedReaderTest, tells_what_came_after_its_start_once) {
  feed_.add(1);
  FeedReader reader(feed_, context_.get_executor(), clock_, logger_);
  listen(reader);
  ASSERT_TRUE(run(reader.start()));
  feed_.add(2);
  feed_.add(3);
  ASSERT_TRUE(run(reader.poll()));
  ASSERT_TRUE(run(reader.poll()));
  EXPECT_EQ(heard_, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(lost_, 0);
}

TEST_F(FeedReaderTest, reads_on_where_one_answer_does_not_hold_all) {
  FeedReader reader(feed_, context_.get_executor(), clock_, logger_);
  listen(reader);
  ASSERT_TRUE(run(reader.start()));
  for (int i = 1; i <= 2500; ++i) feed_.add(i);
  ASSERT_TRUE(run(reader.poll()));
  EXPECT_EQ(heard_.size(), 2500U);
}

TEST_F(FeedReaderTest, is_fresh_only_while_the_feed_answers) {
  FeedReader reader(feed_, context_.get_executor(), clock_, logger_);
  EXPECT_FALSE(reader.is_fresh());
  ASSERT_TRUE(run(reader.start()));
  EXPECT_TRUE(reader.is_fresh());
  feed_.broken = true;
  clock_.advance(limits::kFeedSilence - 1ms);
  EXPECT_FALSE(run(reader.poll()));
  EXPECT_TRUE(reader.is_fresh());
  clock_.advance(1ms);
  EXPECT_FALSE(reader.is_fresh());
  feed_.broken = false;
  ASSERT_TRUE(run(reader.poll()));
  EXPECT_TRUE(reader.is_fresh());
}

TEST_F(FeedReaderTest, tells_to_drop_everything_when_changes_are_missing) {
  FeedReader reader(feed_, context_.get_executor(), clock_, logger_);
  listen(reader);
  ASSERT_TRUE(run(reader.start()));
  feed_.pruned = true;
  feed_.add(50'000);
  ASSERT_TRUE(run(reader.poll()));
  EXPECT_EQ(lost_, 1);
  feed_.pruned = false;
  feed_.add(50'001);
  ASSERT_TRUE(run(reader.poll()));
  EXPECT_EQ(heard_, std::vector<std::int64_t>{50'001});
}

Task<> save_and_look(Store& store, ConnectionId id, const std::vector<std::int64_t>& heard,
                     std::size_t& heard_at_return) {
  (void)co_await store.connections().save_state(local_organization(), id, {});
  heard_at_return = heard.size();
}

class FeedReaderOverStore : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, FeedReaderOverStore, kStores, store_name);

TEST_P(FeedReaderOverStore, hears_what_this_process_writes_before_the_writer_goes_on_and_once) {
  const Connection connection = make_connection("a");
  FeedReader reader(store().changes(), context_.get_executor(), clock_, logger_);
  std::vector<std::int64_t> heard;
  reader.subscribe([&](const Change& change) { heard.push_back(change.number); }, [] {});
  ASSERT_TRUE(run(reader.start()));
  std::size_t heard_at_return = 0;
  run_to_end(context_, save_and_look(store(), connection.id, heard, heard_at_return));
  EXPECT_EQ(heard_at_return, 1U);
  ASSERT_TRUE(run(reader.poll()));
  EXPECT_EQ(heard, std::vector<std::int64_t>{2});
}

}  // namespace
}  // namespace gatehouse::vault
