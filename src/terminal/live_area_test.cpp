// What LiveArea writes is played on a small screen that wraps, scrolls and reflows as terminals do.
#include "terminal/live_area.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::terminal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// ASCII only; rows grow without bound, so that a wrong count of rows shows.
class Screen {
 public:
  explicit Screen(std::size_t columns) : columns_(columns) {}

  void play(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const char c = bytes[i];
      if (c == '\x1b') {
        i = sequence(bytes, i + 2);
      } else if (c == '\r') {
        x_ = 0;
      } else if (c == '\n') {
        ++y_;
      } else {
        put(c);
      }
      if (y_ >= rows_.size()) rows_.resize(y_ + 1);
    }
  }

  std::vector<std::string> rows() const {
    std::vector<std::string> shown;
    for (std::string row : rows_) {
      while (row.ends_with(' ')) row.pop_back();
      shown.push_back(row);
    }
    while (!shown.empty() && shown.back().empty()) shown.pop_back();
    return shown;
  }
  std::size_t x() const { return x_; }
  std::size_t y() const { return y_; }

 private:
  void put(char c) {
    if (x_ == columns_) {
      x_ = 0;
      ++y_;
    }
    if (y_ >= rows_.size()) rows_.resize(y_ + 1);
    rows_[y_].resize(columns_, ' ');
    rows_[y_][x_++] = c;
  }
  std::size_t sequence(std::string_view bytes, std::size_t at) {
    std::string digits;
    while (bytes[at] < 0x40) digits += bytes[at++];
    const std::size_t count = digits.empty() || digits[0] == '?' ? 1 : std::stoul(digits);
    if (bytes[at] == 'A') y_ -= std::min(y_, count);
    if (bytes[at] == 'B') y_ += count;
    if (bytes[at] == 'C') x_ = std::min(x_ + count, columns_ - 1);
    if (bytes[at] == 'K' && y_ < rows_.size() && rows_[y_].size() > x_) rows_[y_].resize(x_);
    if (bytes[at] == 'J') {
      rows_.resize(y_ + 1);
      if (rows_[y_].size() > x_) rows_[y_].resize(x_);
    }
    return at;
  }

  std::size_t columns_;
  std::vector<std::string> rows_{""};
  std::size_t x_ = 0;
  std::size_t y_ = 0;
};

class LiveAreaTest : public ::testing::Test {
 protected:
  void draw(std::vector<Line> lines) { screen_.play(area_.draw(lines, 10)); }
  LiveArea area_{Look{}};
  Screen screen_{10};
};

TEST_F(LiveAreaTest, draws_lines_and_rests_behind_the_last) {
  screen_.play("before\r\n");
  draw({Line("one"), Line("two")});
  EXPECT_THAT(screen_.rows(), ElementsAre("before", "one", "two"));
  EXPECT_EQ(screen_.x(), 3U);
  EXPECT_EQ(screen_.y(), 2U);
}

TEST_F(LiveAreaTest, writes_only_what_changed) {
  draw({Line("keep"), Line("old"), Line("end")});
  const std::string bytes = area_.draw({Line("keep"), Line("new"), Line("end")}, 10);
  EXPECT_THAT(bytes, HasSubstr("new"));
  EXPECT_THAT(bytes, Not(HasSubstr("keep")));
  screen_.play(bytes);
  EXPECT_THAT(screen_.rows(), ElementsAre("keep", "new", "end"));
  EXPECT_EQ(screen_.x(), 3U);
  EXPECT_EQ(area_.draw({Line("keep"), Line("new"), Line("end")}, 10), "");
}

TEST_F(LiveAreaTest, counts_the_rows_of_a_line_that_wraps) {
  draw({Line("0123456789abcde"), Line("old text")});
  EXPECT_THAT(screen_.rows(), ElementsAre("0123456789", "abcde", "old text"));
  draw({Line("0123456789ABCDE"), Line("new")});
  EXPECT_THAT(screen_.rows(), ElementsAre("0123456789", "ABCDE", "new"));
  draw({Line("short")});
  EXPECT_THAT(screen_.rows(), ElementsAre("short"));
}

TEST_F(LiveAreaTest, keeps_a_line_that_is_exactly_as_wide_as_the_window) {
  draw({Line("0123456789"), Line("x")});
  draw({Line("012345678Z"), Line("y")});
  EXPECT_THAT(screen_.rows(), ElementsAre("012345678Z", "y"));
}

TEST_F(LiveAreaTest, leaves_nothing_when_it_goes) {
  screen_.play("before\r\n");
  draw({Line("0123456789abc"), Line("two")});
  screen_.play(area_.erase(10));
  EXPECT_THAT(screen_.rows(), ElementsAre("before"));
  EXPECT_EQ(screen_.y(), 1U);
  EXPECT_TRUE(area_.empty());
}

TEST_F(LiveAreaTest, finds_its_beginning_after_the_window_became_narrower) {
  LiveArea area{Look{}};
  (void)area.draw({Line("0123456789"), Line("two")}, 10);
  // A terminal of five columns has made three rows of it.
  Screen narrow(5);
  narrow.play("above\r\n0123456789\r\ntwo");
  narrow.play(area.draw({Line("new"), Line("end")}, 5));
  EXPECT_THAT(narrow.rows(), ElementsAre("above", "new", "end"));
}

}  // namespace
}  // namespace gatehouse::terminal
