// The table of quirks, and the page that is made of it.
#include "demo/quirks.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace gatehouse::demo {
namespace {

TEST(Quirks, every_quirk_has_its_line_in_the_table) {
  std::size_t at = 0;
  for (const QuirkInfo& info : all_quirks()) {
    EXPECT_EQ(static_cast<std::size_t>(info.quirk), at++) << info.name;
    for (const std::string_view text : {info.name, info.seen_at, info.does, info.right}) {
      EXPECT_FALSE(text.empty()) << info.name;
      EXPECT_EQ(text.find('|'), std::string_view::npos) << info.name;
    }
  }
  EXPECT_EQ(at, kQuirks);
}

TEST(Quirks, names_are_read_and_unknown_ones_are_refused) {
  const std::vector<std::string> names{"token-form", "no-expiry"};
  const auto set = parse_quirks(names);
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->has(Quirk::token_form) && set->has(Quirk::no_expiry));
  EXPECT_FALSE(set->has(Quirk::bare_401));
  const std::vector<std::string> wrong{"token-from"};
  EXPECT_EQ(parse_quirks(wrong).error().code, Errc::invalid_argument);
}

TEST(Quirks, the_page_in_docs_is_the_table) {
  const std::string path = std::string(GATEHOUSE_TESTS_DIR) + "/../docs/quirks.md";
  if (std::getenv("GATEHOUSE_WRITE_DOCS") != nullptr) std::ofstream(path) << quirks_page();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), quirks_page()) << "GATEHOUSE_WRITE_DOCS=1 demo_test writes it anew";
}

}  // namespace
}  // namespace gatehouse::demo
