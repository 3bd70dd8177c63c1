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

TEST(RequestState, carries_the_servers_own_state_byte_for_byte_and_names_the_parked_call) {
  const RequestStateSealer sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  RequestState state = sample();
  state.kind = RequestState::Kind::parked;
  state.parked = "call 1";
  state.upstream_state = R"("their\u002fstate 7")";
  const Result<RequestState> opened = sealer.open(sealer.seal(state), sample().binding, kNow);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->kind, RequestState::Kind::parked);
  EXPECT_EQ(opened->parked, state.parked);
  EXPECT_EQ(opened->upstream_state, state.upstream_state);
}

TEST(RequestState, says_in_front_which_shard_it_belongs_to_and_cannot_be_led_to_another) {
  const RequestStateSealer sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  RequestState state = sample();
  state.shard = 3;
  std::string sealed = sealer.seal(state);
  EXPECT_EQ(shard_of_request_state(sealed), 3U);
  const std::size_t at = sealed.find(".3.") + 1;
  sealed[at] = '2';
  EXPECT_EQ(shard_of_request_state(sealed), 2U);
  EXPECT_FALSE(sealer.open(sealed, sample().binding, kNow));
  for (const char* text :
       {"", "v1.", "v1.k1", "v1.k1.x.y", "v1.k1.-1.y", "v1.k1.99999999999999999999.y"})
    EXPECT_EQ(shard_of_request_state(text), 0U) << text;
}

TEST(RequestState, longer_than_its_limit_is_not_looked_at) {
  const RequestStateSealer sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  RequestState state = sample();
  state.upstream_state = "\"" + std::string(kRequestStateBytes, 'x') + "\"";
  EXPECT_FALSE(sealer.open(sealer.seal(state), sample().binding, kNow));
}

TEST(DigestOfArguments, ignores_member_order_and_escapes_but_not_number_text) {
  EXPECT_EQ(digest_of_arguments(R"({"a":1,"b":{"d":"A","c":[1, 2]}})"),
            digest_of_arguments(R"({"b":{"c":[1,2],"d":"\u0041"},"a":1})"));
  EXPECT_NE(digest_of_arguments(R"({"a":1})"), digest_of_arguments(R"({"a":1.0})"));
  EXPECT_EQ(digest_of_arguments(""), digest_of_arguments("{}"));
}

}  // namespace
}  // namespace gatehouse::gateway
