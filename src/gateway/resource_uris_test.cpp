#include "gateway/resource_uris.hpp"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

TEST(ResourceUris, say_whose_they_are) {
  EXPECT_EQ(map_uri("notes", "file:///home/ada/x"), "gatehouse://notes/file:///home/ada/x");
  EXPECT_EQ(map_uri("notes", "urn:isbn:0451450523"), "gatehouse://notes/urn:isbn:0451450523");
}

TEST(ResourceUris, apps_keep_their_scheme) {
  EXPECT_EQ(map_uri("notes", "ui://board/view.html"), "ui://notes/board/view.html");
}

TEST(ResourceUris, web_addresses_stay_as_they_are) {
  EXPECT_EQ(map_uri("notes", "https://example.com/a?b#c"), "https://example.com/a?b#c");
}

TEST(ResourceUris, templates_stay_expandable) {
  EXPECT_EQ(map_uri("notes", "note:///{id}{?rev}"), "gatehouse://notes/note:///{id}{?rev}");
}

TEST(ResourceUris, lead_back_whatever_they_are) {
  for (const std::string_view uri :
       {"file:///x", "ui://a/b", "ui://", "UI://a", "", "/", "x", "gatehouse://notes/file:///x",
        "http://localhost/x", "HTTPS://example.com", "urn:a/b#c?d", "ünïcode:x"}) {
    const std::string mapped = map_uri("my-notes_2", uri);
    const auto original = original_uri(mapped);
    ASSERT_TRUE(original) << mapped;
    EXPECT_EQ(original->connection, "my-notes_2") << mapped;
    EXPECT_EQ(original->uri, uri) << mapped;
  }
}

TEST(ResourceUris, a_web_address_can_be_read_through_its_server) {
  const auto original = original_uri(explicit_uri("notes", "https://example.com/x"));
  ASSERT_TRUE(original);
  EXPECT_EQ(original->connection, "notes");
  EXPECT_EQ(original->uri, "https://example.com/x");
  EXPECT_EQ(original_uri("https://example.com/x")->connection, "");
}

TEST(ResourceUris, what_is_not_ours_is_nobodys) {
  for (const std::string_view uri : {"file:///x", "", "gatehouse://", "gatehouse://notes",
                                     "gatehouse:///x", "ui://x", "ui:///x", "Gatehouse://a/b"}) {
    EXPECT_FALSE(original_uri(uri)) << uri;
  }
}

}  // namespace
}  // namespace gatehouse::gateway
