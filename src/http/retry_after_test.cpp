#include "http/retry_after.hpp"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

TEST(RetryAfter, is_a_number_of_seconds_or_a_date) {
  const SystemTime now = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min;
  EXPECT_EQ(parse_retry_after("120", now), 120s);
  EXPECT_EQ(parse_retry_after(" 0 ", now), 0s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), 37s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:48:37 GMT", now), 0s);
  EXPECT_EQ(parse_retry_after("99999999999999", now), 1'000'000'000s);
  for (const char* bad : {"", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:37 CET",
                          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_FALSE(parse_retry_after(bad, now)) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::http
