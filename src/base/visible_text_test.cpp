#include "base/visible_text.hpp"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

std::string shown(std::string_view text) {
  return visible_text(text, {});
}

TEST(VisibleText, shows_what_is_hidden_or_turns_the_reading_around) {
  EXPECT_EQ(shown("a\x1B[31mb"), "a\\u{1B}[31mb");
  EXPECT_EQ(shown("safe\u202Etxt.exe"), "safe\\u{202E}txt.exe");
  EXPECT_EQ(shown("a\u200Bb\u2066c\uFEFF"), "a\\u{200B}b\\u{2066}c\\u{FEFF}");
  EXPECT_EQ(shown("hi\U000E0068\U000E0069"), "hi\\u{E0068}\\u{E0069}") << "tag characters";
  EXPECT_EQ(shown("x\u3164y\u115Fz\u2800"), "x\\u{3164}y\\u{115F}z\\u{2800}");
  EXPECT_EQ(shown("a\nb"), "a\\u{A}b");
}

TEST(VisibleText, keeps_what_languages_and_pictures_need) {
  EXPECT_EQ(shown("Grüße, Привет, 你好, 👍"), "Grüße, Привет, 你好, 👍");
  EXPECT_EQ(shown("⚠\uFE0F 1\uFE0F\u20E3"), "⚠\uFE0F 1\uFE0F\u20E3");
  EXPECT_EQ(shown("👩\u200D💻"), "👩\u200D💻");
  EXPECT_EQ(shown("می\u200Cخواهم"), "می\u200Cخواهم");
}

TEST(VisibleText, shows_variation_selectors_and_joiners_that_carry_something_else) {
  EXPECT_EQ(shown("a\uFE0F"), "a\\u{FE0F}");
  EXPECT_EQ(shown("👍\uFE0F\uFE0F"), "👍\uFE0F\\u{FE0F}");
  EXPECT_EQ(shown("👍\U000E0158\U000E0159"), "👍\\u{E0158}\\u{E0159}") << "bytes behind an emoji";
  EXPECT_EQ(shown("a\u200Db"), "a\\u{200D}b");
}

TEST(VisibleText, bounds_and_joins_lines_between_characters) {
  const VisibleText line{.spaces = Spaces::one_line, .max_bytes = 5};
  EXPECT_EQ(visible_text("  a\n\tb  ", {.spaces = Spaces::one_line}), "a b");
  EXPECT_EQ(visible_text("abcd\u00E9f", line), "abcd…");
  EXPECT_EQ(visible_text("abcde", line), "abcde");
  EXPECT_EQ(visible_text("a\n\tb", {.spaces = Spaces::kept}), "a\n\tb");
}

TEST(VisibleText, makes_something_of_any_bytes) {
  EXPECT_EQ(shown("\xFF\xC3(\xED\xA0\x80"), "\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(shown("\xF0\x9F\x91"), "\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace gatehouse
