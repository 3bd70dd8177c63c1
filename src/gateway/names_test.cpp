#include "gateway/names.hpp"

#include <gtest/gtest.h>

#include <set>

namespace gatehouse::gateway {
namespace {

TEST(Names, what_fits_stays_as_it_is) {
  EXPECT_EQ(public_name("github", "create_issue"), "github.create_issue");
  EXPECT_EQ(public_name("github", "repos.list-all.V2"), "github.repos.list-all.V2");
  const std::string longest(kPublicNameBytes - 7, 'x');
  EXPECT_EQ(public_name("github", longest), "github." + longest);
}

TEST(Names, a_long_name_keeps_its_beginning_and_gets_a_digest) {
  const std::string name = public_name("github", std::string(80, 'x'));
  EXPECT_EQ(name.size(), kPublicNameBytes);
  EXPECT_TRUE(name.starts_with("github.xxxx")) << name;
  EXPECT_TRUE(is_shortened(name));
  EXPECT_EQ(name, public_name("github", std::string(80, 'x')));
  EXPECT_NE(name, public_name("github", std::string(81, 'x')));
}

TEST(Names, odd_characters_become_underscores_and_stay_apart) {
  const std::string slash = public_name("files", "read/file");
  const std::string blank = public_name("files", "read file");
  EXPECT_TRUE(slash.starts_with("files.read_file_-")) << slash;
  EXPECT_TRUE(blank.starts_with("files.read_file_-")) << blank;
  EXPECT_NE(slash, blank);
  EXPECT_EQ(slash, "files.read_file_-7abbujtws4yg");  // an agent may have kept it
}

TEST(Names, a_plain_name_is_never_the_short_form_of_another) {
  const std::string name = public_name("files", "read/file");
  const std::string look_alike = name.substr(6);
  EXPECT_TRUE(is_shortened(look_alike));
  EXPECT_NE(public_name("files", look_alike), name);
}

TEST(Names, the_same_tool_of_two_connections_has_two_names) {
  EXPECT_NE(public_name("a", std::string(90, 'x')).substr(2),
            public_name("b", std::string(90, 'x')).substr(2));
}

TEST(Names, the_longest_connection_leaves_room) {
  const std::string connection(32, 'c');
  const std::string name = public_name(connection, "über/" + std::string(300, 'y'));
  EXPECT_LE(name.size(), kPublicNameBytes);
  EXPECT_TRUE(name.starts_with(connection + "._ber_yyy")) << name;
}

TEST(Names, are_taken_apart_at_the_first_dot) {
  EXPECT_EQ(split_name("github.repos.list")->connection, "github");
  EXPECT_EQ(split_name("github.repos.list")->name, "repos.list");
  EXPECT_FALSE(split_name("search_capabilities"));
}

TEST(Names, an_empty_name_has_a_form_too) {
  EXPECT_TRUE(is_shortened(public_name("files", "")));
}

}  // namespace
}  // namespace gatehouse::gateway
