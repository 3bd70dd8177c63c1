#include "oauth/challenge.hpp"

#include <gtest/gtest.h>

#include "oauth/scope.hpp"

namespace gatehouse::oauth {
namespace {

TEST(Challenges, several_in_one_value_keep_their_parameters_apart) {
  const auto challenges = parse_challenges(
      R"(Basic realm="a, b", Bearer scope="x y", resource_metadata="https://h/.well-known/m", Digest qop=auth)");
  ASSERT_EQ(challenges.size(), 3U);
  EXPECT_EQ(challenges[0].scheme, "basic");
  EXPECT_EQ(challenges[0].find("realm"), "a, b");
  EXPECT_EQ(challenges[1].find("scope"), "x y");
  EXPECT_EQ(challenges[1].find("resource_metadata"), "https://h/.well-known/m");
  EXPECT_EQ(challenges[2].find("qop"), "auth");
}

TEST(Challenges, several_header_values_are_read_in_order) {
  const std::vector<std::string> values{"Negotiate", R"(Bearer error="invalid_token")"};
  const auto challenges = parse_challenges(values);
  ASSERT_EQ(challenges.size(), 2U);
  EXPECT_EQ(challenges[0].scheme, "negotiate");
  EXPECT_EQ(find_bearer(challenges)->error, "invalid_token");
}

TEST(Challenges, escapes_in_quoted_strings_are_undone) {
  const auto challenges = parse_challenges(R"(Bearer realm="say \"hi\\\"", scope="a")");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].find("realm"), R"(say "hi\")");
  EXPECT_EQ(challenges[0].find("scope"), "a");
}

TEST(Challenges, a_token68_is_not_mistaken_for_a_parameter) {
  const auto challenges = parse_challenges("Negotiate YWJj/+==, Bearer scope = \"a\"");
  ASSERT_EQ(challenges.size(), 2U);
  EXPECT_EQ(challenges[0].token68, "YWJj/+==");
  EXPECT_TRUE(challenges[0].parameters.empty());
  EXPECT_EQ(challenges[1].token68, "");
  EXPECT_EQ(challenges[1].find("scope"), "a");
}

TEST(Challenges, the_first_of_two_equal_parameters_counts) {
  const auto challenges = parse_challenges(R"(Bearer scope="a", SCOPE="b")");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].find("scope"), "a");
  EXPECT_EQ(challenges[0].parameters.size(), 2U);
}

TEST(Challenges, parameters_without_commas_or_quotes_are_read_as_servers_send_them) {
  const auto challenges =
      parse_challenges(R"(bearer error="invalid_token" resource_metadata=https://h/p?x=1&y=2)");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].find("error"), "invalid_token");
  EXPECT_EQ(challenges[0].find("resource_metadata"), "https://h/p?x=1&y=2");
}

TEST(Challenges, rubbish_is_skipped_and_what_follows_is_kept) {
  const auto challenges = parse_challenges(R"(,, realm="x", @@ "lost", Bearer scope="a)");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].find("scope"), "a");
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges(" , ").empty());
}

TEST(Challenges, a_server_cannot_make_us_keep_more_than_a_bounded_number) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "Bearer a=b,";
  EXPECT_EQ(parse_challenges(many).size(), 32U);
}

TEST(Challenges, without_bearer_or_dpop_there_is_no_bearer_challenge) {
  EXPECT_FALSE(find_bearer(parse_challenges("Basic realm=x")).has_value());
  EXPECT_TRUE(find_bearer(parse_challenges("DPoP algs=\"ES256\"")).has_value());
}

TEST(Scope, a_remote_list_without_end_is_cut) {
  std::string scope;
  for (int i = 0; i < 200'000; ++i) scope += "s" + std::to_string(i) + " ";
  EXPECT_EQ(split_scope(scope_union(scope, scope)).size(), 256U);
}

}  // namespace
}  // namespace gatehouse::oauth
