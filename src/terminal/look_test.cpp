#include "terminal/look.hpp"

#include <gtest/gtest.h>

#include <map>

#include "terminal/line.hpp"

namespace gatehouse::terminal {
namespace {

Look look_in(std::map<std::string, std::string> set, bool is_terminal = true,
             Colours colours = Colours::as_found) {
  return find_look(
      [set](const char* name) -> std::optional<std::string> {
        const auto found = set.find(name);
        if (found == set.end()) return std::nullopt;
        return found->second;
      },
      is_terminal, colours);
}

TEST(Look, has_everything_on_a_modern_terminal) {
  const Look look =
      look_in({{"TERM", "xterm-256color"}, {"LANG", "en_GB.UTF-8"}, {"VTE_VERSION", "7200"}});
  EXPECT_TRUE(look.live && look.colour && look.unicode && look.links);
  EXPECT_FALSE(look.remote);
}

TEST(Look, has_no_colours_with_no_color_or_the_flag) {
  EXPECT_FALSE(look_in({{"TERM", "xterm"}, {"NO_COLOR", "1"}}).colour);
  EXPECT_FALSE(look_in({{"TERM", "xterm"}}, true, Colours::none).colour);
  EXPECT_TRUE(look_in({{"TERM", "xterm"}, {"NO_COLOR", "1"}}).live) << "it still redraws";
}

TEST(Look, redraws_nothing_on_a_dumb_terminal_or_a_pipe) {
  EXPECT_FALSE(look_in({{"TERM", "dumb"}}).live);
  EXPECT_FALSE(look_in({}).live);
  EXPECT_FALSE(look_in({{"TERM", "xterm"}}, false).live);
}

TEST(Look, takes_characters_beyond_ascii_from_the_first_locale_variable_that_is_set) {
  EXPECT_FALSE(look_in({{"LC_ALL", "C"}, {"LANG", "en_GB.UTF-8"}}).unicode);
  EXPECT_TRUE(look_in({{"LC_CTYPE", "de_DE.utf8"}, {"LANG", "C"}}).unicode);
  EXPECT_FALSE(look_in({}).unicode);
}

TEST(Look, draws_links_only_where_they_are_known_to_work) {
  EXPECT_FALSE(look_in({{"TERM", "xterm"}}).links);
  EXPECT_FALSE(look_in({{"TERM", "xterm"}, {"VTE_VERSION", "4600"}}).links);
  EXPECT_FALSE(look_in({{"TERM", "tmux-256color"}, {"VTE_VERSION", "7200"}}).links);
  EXPECT_TRUE(look_in({{"TERM", "xterm-kitty"}}).links);
}

TEST(Line, has_no_sequences_without_a_look_for_them) {
  Line line("see ");
  line.add("this", Style::good);
  line.pieces.push_back({"there", Style::plain, "https://example.com/"});
  EXPECT_EQ(to_ansi(line, Look{}), "see thisthere");
  Look all;
  all.colour = all.links = true;
  EXPECT_EQ(to_ansi(line, all),
            "see \x1b[32mthis\x1b[0m\x1b]8;;https://example.com/\x1b\\there\x1b]8;;\x1b\\");
}

TEST(Line, links_to_nothing_that_could_end_the_sequence) {
  Line line;
  line.pieces.push_back({"x", Style::plain, "https://a/\x1b\\"});
  Look all;
  all.links = true;
  EXPECT_EQ(to_ansi(line, all), "x");
}

}  // namespace
}  // namespace gatehouse::terminal
