#include "upstream/read_retry.hpp"

#include <gtest/gtest.h>

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

TEST(ReadRetry, repeats_as_often_as_told_and_waits_longer_each_time) {
  ReadRetry retry(3);
  const Error lost{Errc::outcome_unknown, "lost", {}};
  EXPECT_EQ(retry.on_failure(lost, 0), 100ms);
  EXPECT_EQ(retry.on_failure(lost, 0), 200ms);
  EXPECT_EQ(retry.on_failure(lost, 1), 800ms);
  EXPECT_EQ(retry.on_failure(lost, 0), std::nullopt);
}

TEST(ReadRetry, without_retries_a_failure_stands) {
  EXPECT_EQ(ReadRetry(0).on_failure({Errc::unavailable, "", {}}, 0), std::nullopt);
}

TEST(ReadRetry, what_was_refused_or_needs_a_person_is_not_repeated) {
  for (const Errc code :
       {Errc::rejected, Errc::sign_in_required, Errc::insufficient_scope, Errc::protocol,
        Errc::too_large, Errc::cancelled, Errc::blocked_address, Errc::rate_limited, Errc::tls}) {
    EXPECT_EQ(ReadRetry(5).on_failure({code, "", {}}, 0), std::nullopt) << to_string(code);
  }
}

}  // namespace
}  // namespace gatehouse::upstream
