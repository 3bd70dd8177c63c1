#include "terminal/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::terminal {
namespace {

using testing::ElementsAre;

TEST(Text, wraps_at_spaces_and_breaks_what_has_none) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(wrap("", 10), ElementsAre(""));
  EXPECT_THAT(wrap("日本語", 4), ElementsAre("日本", "語"));
  EXPECT_THAT(wrap("日", 1), ElementsAre("日")) << "a wide character never loops";
}

TEST(Text, bounds_remote_text_at_a_character) {
  EXPECT_EQ(printable_bounded("abc", 3), "abc");
  EXPECT_EQ(printable_bounded("abcä", 4), "abc…");
  EXPECT_EQ(printable_bounded("\x1b[2J", 10), "\\u{1B}[2J");
}

}  // namespace
}  // namespace gatehouse::terminal
