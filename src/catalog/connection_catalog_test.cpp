#include "catalog/connection_catalog.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace gatehouse::catalog {
namespace {

Capability tool(std::string name, std::string description) {
  Capability capability{.connection = "demo", .tool = name};
  capability.name = capability_name("demo", name);
  capability.description = std::move(description);
  return capability;
}

// What the catalog's only document says of a term.
std::optional<FieldCounts> counts_of(const ConnectionCatalog& catalog, std::string_view term) {
  for (std::size_t id = 0; id < catalog.term_count(); ++id) {
    if (catalog.term(id) == term) return catalog.occurrences(id).front().counts;
  }
  return std::nullopt;
}

std::uint8_t in(Field field, const FieldCounts& counts) {
  return counts[static_cast<std::size_t>(field)];
}

TEST(ConnectionCatalog, keeps_capabilities_in_order_of_name_and_the_first_of_equals) {
  const auto catalog = ConnectionCatalog::make({tool("b", "1"), tool("a", "2"), tool("b", "3")});
  ASSERT_EQ(catalog->capabilities().size(), 2u);
  EXPECT_EQ(catalog->capabilities()[0].tool, "a");
  EXPECT_EQ(catalog->capabilities()[1].description, "1");
}

TEST(ConnectionCatalog, counts_terms_by_field) {
  Capability capability = tool("send_message", "Sends one message. A message has text.");
  capability.title = "Message";
  capability.input_schema = R"({"properties":{"text":{"description":"of the message"}}})";
  const auto catalog = ConnectionCatalog::make({capability});
  const auto counts = counts_of(*catalog, "messag");
  ASSERT_TRUE(counts);
  EXPECT_EQ(in(Field::name, *counts), 4);
  EXPECT_EQ(in(Field::title, *counts), 4);
  EXPECT_EQ(in(Field::summary, *counts), 4);
  EXPECT_EQ(in(Field::description, *counts), 4);
  EXPECT_EQ(in(Field::parameter_description, *counts), 4);
  EXPECT_EQ(in(Field::parameter_name, *counts), 0);
  EXPECT_EQ(in(Field::parameter_name, counts_of(*catalog, "text").value()), 4);
  EXPECT_EQ(in(Field::connection, counts_of(*catalog, "demo").value()), 4);
}

TEST(ConnectionCatalog, counts_the_joined_form_for_less_than_a_word) {
  const auto catalog = ConnectionCatalog::make({tool("send_message", "")});
  EXPECT_EQ(in(Field::name, counts_of(*catalog, "sendmessag").value()), 2);
}

TEST(ConnectionCatalog, saturates_the_count_of_a_term_that_is_repeated_without_end) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "spam ";
  const auto catalog = ConnectionCatalog::make({tool("x1", "\nFirst\n" + text)});
  EXPECT_EQ(in(Field::description, counts_of(*catalog, "spam").value()), 255);
}

TEST(ConnectionCatalog, indexes_stop_words_in_names_only) {
  const auto catalog = ConnectionCatalog::make({tool("now", "What is the time")});
  EXPECT_TRUE(counts_of(*catalog, "now"));
  EXPECT_FALSE(counts_of(*catalog, "the"));
}

TEST(ConnectionCatalog, of_no_capabilities_is_empty) {
  const auto catalog = ConnectionCatalog::make({});
  EXPECT_TRUE(catalog->capabilities().empty());
  EXPECT_EQ(catalog->term_count(), 0u);
}

}  // namespace
}  // namespace gatehouse::catalog
