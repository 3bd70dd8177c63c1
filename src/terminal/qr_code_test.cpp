#include "terminal/qr_code.hpp"

#include <gtest/gtest.h>

namespace gatehouse::terminal {
namespace {

Look unicode_look() {
  Look look;
  look.unicode = true;
  return look;
}

TEST(QrCode, has_its_three_finder_patterns) {
  const auto code = QrCode::make("https://example.com/device?user_code=ABCD-EFGH");
  ASSERT_TRUE(code);
  EXPECT_EQ(code->size() % 4, 1U) << "17 + 4 × version";
  const std::size_t last = code->size() - 1;
  for (const auto& [x, y] : {std::pair{0UL, 0UL}, std::pair{last - 6, 0UL}, {0UL, last - 6}}) {
    EXPECT_TRUE(code->dark(x, y));
    EXPECT_FALSE(code->dark(x + 1, y + 1));
    EXPECT_TRUE(code->dark(x + 3, y + 3));
  }
}

TEST(QrCode, is_drawn_inside_a_quiet_zone) {
  const auto code = QrCode::make("x");
  ASSERT_TRUE(code);
  const auto lines = code->to_lines(unicode_look());
  const Size size = code->drawn_size(unicode_look());
  EXPECT_EQ(size, (Size{29, 15}));
  ASSERT_EQ(lines.size(), size.rows);
  for (const Line& line : lines) EXPECT_EQ(line.width(), size.columns);
  std::string full;
  for (int i = 0; i < 29; ++i) full += "█";
  EXPECT_EQ(lines[0].text(), full) << "without colours what is light is drawn";
  EXPECT_EQ(lines[1].text(), full);
  EXPECT_NE(lines[2].text(), full);
}

TEST(QrCode, is_black_on_white_where_there_are_colours) {
  Look look = unicode_look();
  look.colour = true;
  const auto lines = QrCode::make("x")->to_lines(look);
  EXPECT_EQ(lines[0].text(), std::string(29, ' '));
  EXPECT_EQ(lines[0].pieces.front().style, Style::panel);
}

TEST(QrCode, is_drawn_with_two_characters_a_module_in_ascii) {
  const auto code = QrCode::make("x");
  const auto lines = code->to_lines(Look{});
  EXPECT_EQ(code->drawn_size(Look{}), (Size{58, 29}));
  ASSERT_EQ(lines.size(), 29U);
  EXPECT_EQ(lines[0].text(), std::string(58, '#'));
  EXPECT_EQ(lines[4].text().substr(0, 8 + 14), "########              ") << "a finder's edge";
}

TEST(QrCode, is_not_made_of_nothing_or_too_much) {
  EXPECT_FALSE(QrCode::make(""));
  EXPECT_FALSE(QrCode::make(std::string(2954, 'x')));
  EXPECT_TRUE(QrCode::make(std::string(2953, 'x')));
}

}  // namespace
}  // namespace gatehouse::terminal
