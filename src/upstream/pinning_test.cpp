#include "upstream/pinning.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/definition.hpp"

namespace gatehouse::upstream {
namespace {

using vault::OnChange;
using vault::PinChange;
using namespace std::chrono_literals;

constexpr SystemTime kNow{1'000'000s};

std::string tool(std::string_view name, std::string_view description) {
  return "{\"name\":\"" + std::string(name) + "\",\"description\":\"" + std::string(description) +
         "\"}";
}

/// A store's pins of one connection, and what listings do to them.
struct Book {
  std::vector<vault::Pin> pins;
  std::optional<vault::StoredCatalog> previous;
  OnChange on_change = OnChange::allow;
  SystemTime now = kNow;

  PinOutcome list(std::vector<std::string> tools) {
    PinOutcome outcome = settle_pins({.pins = pins,
                                      .tools = tools,
                                      .previous = previous ? &*previous : nullptr,
                                      .on_change = on_change,
                                      .now = now});
    for (const PinChange& change : outcome.changes) {
      std::erase_if(pins, [&](const vault::Pin& pin) { return pin.name == change.pin.name; });
      if (change.what != PinChange::What::erase) pins.push_back(change.pin);
    }
    previous = vault::StoredCatalog{.tools = std::move(tools), .fetched_at = now};
    now += 1h;
    return outcome;
  }
  const vault::Pin* find(std::string_view name) const {
    const auto found = std::ranges::find(pins, name, &vault::Pin::name);
    return found == pins.end() ? nullptr : &*found;
  }
};

TEST(Pinning, accepts_what_it_sees_first_and_says_nothing) {
  for (const OnChange on_change : {OnChange::allow, OnChange::block}) {
    Book book;
    book.on_change = on_change;
    const PinOutcome first = book.list({tool("a", "x"), tool("b", "y")});
    EXPECT_TRUE(first.changed.empty() && first.appeared.empty());
    ASSERT_NE(book.find("a"), nullptr);
    EXPECT_EQ(book.find("a")->definition, tool("a", "x"));
    EXPECT_EQ(book.find("a")->pinned_at, kNow);
    EXPECT_FALSE(book.find("a")->waits());
    EXPECT_TRUE(book.list({tool("b", "y"), tool("a", "x")}).changes.empty());
  }
}

TEST(Pinning, keeps_what_was_accepted_beside_what_a_server_says_now) {
  Book book;
  book.list({tool("a", "x")});
  EXPECT_EQ(book.list({tool("a", "send it all")}).changed, std::vector<std::string>{"a"});
  EXPECT_EQ(book.find("a")->definition, tool("a", "x"));
  EXPECT_EQ(book.find("a")->found_definition, tool("a", "send it all"));
  EXPECT_EQ(book.find("a")->found_at, kNow + 1h);
  EXPECT_TRUE(book.list({tool("a", "send it all")}).changes.empty()) << "said once";
  EXPECT_EQ(book.list({tool("a", "send more")}).changed.size(), 1U);
  EXPECT_EQ(book.find("a")->definition, tool("a", "x"));
  book.list({tool("a", "x")});
  EXPECT_FALSE(book.find("a")->waits()) << "taken back";
}

TEST(Pinning, a_tool_that_went_away_comes_back_to_its_old_pin) {
  Book book;
  book.list({tool("a", "x"), tool("b", "y")});
  book.list({tool("b", "y")});
  ASSERT_NE(book.find("a"), nullptr);
  EXPECT_EQ(book.list({tool("a", "other"), tool("b", "y")}).changed, std::vector<std::string>{"a"});
}

TEST(Pinning, new_tools_wait_only_where_changes_block) {
  Book book;
  book.list({tool("a", "x")});
  EXPECT_TRUE(book.list({tool("a", "x"), tool("b", "y")}).appeared.empty());
  EXPECT_FALSE(book.find("b")->waits());
  book.on_change = OnChange::block;
  EXPECT_EQ(book.list({tool("a", "x"), tool("b", "y"), tool("c", "z")}).appeared,
            std::vector<std::string>{"c"});
  EXPECT_TRUE(book.find("c")->digest.empty());
  EXPECT_EQ(book.find("c")->found_definition, tool("c", "z"));
  book.list({tool("a", "x")});
  EXPECT_EQ(book.find("c"), nullptr) << "nothing was accepted of it";
  EXPECT_NE(book.find("b"), nullptr);
}

TEST(Pinning, a_blocking_connection_that_was_listed_without_tools_has_been_seen) {
  Book book;
  book.on_change = OnChange::block;
  book.list({});
  EXPECT_EQ(book.list({tool("a", "x")}).appeared.size(), 1U);
}

TEST(Pinning, a_list_of_before_there_were_pins_counts_as_accepted) {
  Book book;
  book.previous = vault::StoredCatalog{.tools = {tool("a", "x")}, .fetched_at = kNow - 24h};
  EXPECT_EQ(book.list({tool("a", "changed")}).changed.size(), 1U);
  EXPECT_EQ(book.find("a")->definition, tool("a", "x"));
  EXPECT_EQ(book.find("a")->pinned_at, kNow - 24h);
}

TEST(Pinning, forgets_the_longest_gone_when_a_server_makes_up_ever_new_names) {
  Book book;
  for (int round = 0; round < 9; ++round) {
    std::vector<std::string> tools;
    for (int i = 0; i < 500; ++i) tools.push_back(tool("t" + std::to_string(round * 500 + i), "x"));
    book.list(std::move(tools));
  }
  EXPECT_LE(book.pins.size(), 4000U);
  EXPECT_NE(book.find("t4499"), nullptr);
  EXPECT_EQ(book.find("t0"), nullptr);
}

}  // namespace
}  // namespace gatehouse::upstream
