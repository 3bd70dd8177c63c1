#include "gateway/request_state.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

const SystemTime kNow{std::chrono::milliseconds(1'800'000'000'000)};

RequestState sample() {
  return {{"org_local/mem_local/tok_1", "/mcp", "tools/call", "notion.search",
           digest_of_arguments(R"({"q":"x"})")},
          1,
          7,
          kNow + 10min};
}

TEST(RequestState, comes_back_whole) {
  const RequestStateSealer sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  const Result<RequestState> opened = sealer.open(sealer.seal(sample()), sample().binding, kNow);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->round, 1);
  EXPECT_EQ(opened->epoch, 7);
}

TEST(RequestState, is_refused_when_any_byte_was_changed) {
  const RequestStateSealer sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  const std::string sealed = sealer.seal(sample());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(sealer.open(changed, sample().binding, kNow)) << i;
  }
}

TEST(RequestState, is_refused_for_another_request_another_key_and_after_its_time) {
  const RequestStateSealer sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  const std::string sealed = sealer.seal(sample());
  RequestBinding other = sample().binding;
  other.capability = "notion.delete";
  EXPECT_FALSE(sealer.open(sealed, other, kNow));
  EXPECT_FALSE(RequestStateSealer(fixed_state_key(Secret(random_bytes(32)), "k1"))
                   .open(sealed, sample().binding, kNow));
  EXPECT_FALSE(sealer.open(sealed, sample().binding, kNow + 10min));
}

TEST(DigestOfArguments, ignores_member_order_and_escapes_but_not_number_text) {
  EXPECT_EQ(digest_of_arguments(R"({"a":1,"b":{"d":"A","c":[1, 2]}})"),
            digest_of_arguments(R"({"b":{"c":[1,2],"d":"\u0041"},"a":1})"));
  EXPECT_NE(digest_of_arguments(R"({"a":1})"), digest_of_arguments(R"({"a":1.0})"));
  EXPECT_EQ(digest_of_arguments(""), digest_of_arguments("{}"));
}

}  // namespace
}  // namespace gatehouse::gateway
