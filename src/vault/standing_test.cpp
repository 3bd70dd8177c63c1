#include "vault/standing.hpp"

#include <gtest/gtest.h>

namespace gatehouse::vault {
namespace {

TEST(Standing, is_what_the_last_answer_earned_unless_a_person_switched_it_off) {
  Connection connection;
  ConnectionState state;
  EXPECT_EQ(standing_of(connection, state), Standing::configured);
  state.health = Health::ready;
  EXPECT_EQ(standing_of(connection, state), Standing::ready);
  EXPECT_EQ(to_string(Standing::sign_in_required), "sign_in_required");
  EXPECT_EQ(describe(Standing::sign_in_required), "sign in required");
  connection.secrets_problem = "sealed under another key";
  EXPECT_EQ(standing_of(connection, state), Standing::failing);
  connection.options.enabled = false;
  EXPECT_EQ(standing_of(connection, state), Standing::disabled);
}

}  // namespace
}  // namespace gatehouse::vault
