#include "gateway/list_pages.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace gatehouse::gateway {
namespace {

using Sources = std::vector<ItemSource>;

std::size_t one_byte(PageItem) {
  return 1;
}

std::string names(const Sources& sources, const ListPage& page) {
  std::string out;
  for (const PageItem item : page.items) {
    if (!out.empty()) out += ' ';
    out +=
        sources[item.source].connection + "." + std::string(sources[item.source].keys[item.item]);
  }
  return out;
}

ListPage page_after(const Sources& sources, const ListPosition& after, std::size_t items = 2) {
  return next_page(sources, after, items, 1000, one_byte);
}

TEST(ListPages, go_through_the_connections_in_order) {
  const Sources sources{{"a", {"z", "y"}}, {"b", {}}, {"c", {"x"}}};
  const ListPage first = page_after(sources, {});
  EXPECT_EQ(names(sources, first), "a.z a.y");
  ASSERT_TRUE(first.next);
  const ListPage second = page_after(sources, *first.next);
  EXPECT_EQ(names(sources, second), "c.x");
  EXPECT_FALSE(second.next);
}

TEST(ListPages, the_end_of_a_full_page_is_no_page_of_its_own) {
  const Sources sources{{"a", {"x", "y"}}, {"b", {}}};
  EXPECT_FALSE(page_after(sources, {}).next);
}

TEST(ListPages, a_change_before_the_place_neither_repeats_nor_skips) {
  const Sources before{{"a", {"1", "2", "3", "4"}}};
  const ListPosition next = *page_after(before, {}).next;
  const Sources grown{{"a", {"0", "1", "2", "3", "4"}}};
  EXPECT_EQ(names(grown, page_after(grown, next)), "a.3 a.4");
  const Sources shrunk{{"a", {"2", "3", "4"}}};
  EXPECT_EQ(names(shrunk, page_after(shrunk, next)), "a.3 a.4");
  const Sources without_last{{"a", {"3", "4"}}};
  EXPECT_EQ(names(without_last, page_after(without_last, next)), "a.3 a.4");
  const Sources other{{"a", {"7", "8", "9"}}};
  EXPECT_EQ(names(other, page_after(other, next)), "a.8 a.9");
}

TEST(ListPages, a_connection_that_went_is_passed_over) {
  const Sources before{{"b", {"1", "2", "3"}}, {"c", {"4"}}};
  const ListPosition next = *page_after(before, {}).next;
  const Sources after{{"a", {"0"}}, {"c", {"4"}}};
  EXPECT_EQ(names(after, page_after(after, next)), "c.4");
}

TEST(ListPages, are_bounded_in_bytes_but_never_empty) {
  const Sources sources{{"a", {"1", "2", "3"}}};
  const auto large = [](PageItem) { return std::size_t{5000}; };
  const ListPage page = next_page(sources, {}, 10, 1000, large);
  EXPECT_EQ(page.items.size(), 1U);
  EXPECT_TRUE(page.next);
}

TEST(ListPages, cursors_are_good_for_one_list_and_caller) {
  const SealedText sealer(fixed_state_key(Secret(random_bytes(32)), "k1"));
  const ListPosition position{"a", "x:y", "", 7};
  const std::string cursor = seal_cursor(sealer, position, {"cursor", "tools/list", "ada"});
  EXPECT_EQ(*open_cursor(sealer, cursor, {"cursor", "tools/list", "ada"}), position);
  EXPECT_FALSE(open_cursor(sealer, cursor, {"cursor", "prompts/list", "ada"}));
  EXPECT_FALSE(open_cursor(sealer, cursor, {"cursor", "tools/list", "bob"}));
  EXPECT_FALSE(open_cursor(sealer, cursor, {"cursor", "tools/lista", "da"}));
  std::string changed = cursor;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(open_cursor(sealer, changed, {"cursor", "tools/list", "ada"}));
  for (const std::string_view text : {"", "s1.", "s1.k1.", "s1.k2.AAAA", "a.b.c"})
    EXPECT_FALSE(open_cursor(sealer, text, {"cursor", "tools/list", "ada"})) << text;
}

}  // namespace
}  // namespace gatehouse::gateway
