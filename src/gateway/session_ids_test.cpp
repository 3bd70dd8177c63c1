#include "gateway/session_ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatehouse::gateway {
namespace {

const Secret kKey(std::string(32, 'k'));

TEST(SessionIds, an_id_names_its_shard_to_the_process_that_made_it) {
  const SessionIds ids(kKey);
  EXPECT_EQ(ids.shard_of(ids.make(0)), 0U);
  EXPECT_EQ(ids.shard_of(ids.make(3)), 3U);
  EXPECT_EQ(ids.shard_of(ids.make(700)), 700U);
}

TEST(SessionIds, ids_are_visible_ascii_and_never_the_same) {
  const SessionIds ids(kKey);
  const std::string id = ids.make(1);
  EXPECT_EQ(id.size(), 67U);
  EXPECT_TRUE(std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; }));
  EXPECT_NE(id, ids.make(1));
}

TEST(SessionIds, another_run_on_the_same_key_does_not_know_them) {
  EXPECT_FALSE(SessionIds(kKey).shard_of(SessionIds(kKey).make(1)));
}

TEST(SessionIds, whatever_was_changed_or_made_up_names_nothing) {
  const SessionIds ids(kKey);
  const std::string id = ids.make(1);
  for (std::size_t at = 0; at + 1 < id.size(); ++at) {
    std::string changed = id;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ids.shard_of(changed)) << at;
  }
  for (const std::string& made_up : {std::string(), std::string(67, 'A'), id + "A", id.substr(1),
                                     std::string(67, '*'), std::string(100'000, 'x')})
    EXPECT_FALSE(ids.shard_of(made_up));
}

}  // namespace
}  // namespace gatehouse::gateway
