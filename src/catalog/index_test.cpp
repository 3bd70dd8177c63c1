#include "catalog/index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gatehouse::catalog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct Tool {
  std::string name;
  std::string description;
};

std::shared_ptr<const ConnectionCatalog> catalog(std::string_view connection,
                                                 const std::vector<Tool>& tools) {
  std::vector<Capability> capabilities;
  for (const Tool& tool : tools) {
    Capability capability{.connection = std::string{connection}, .tool = tool.name};
    capability.name = capability_name(connection, tool.name);
    capability.description = tool.description;
    capabilities.push_back(std::move(capability));
  }
  return ConnectionCatalog::make(std::move(capabilities));
}

const Index& work_tools() {
  static const Index index{{
      catalog("github", {{"create_issue", "Create a new issue in a repository."},
                         {"list_issues", "List the issues of a repository."},
                         {"delete_repository", "Delete a repository for ever."},
                         {"get_pull_request", "Get the details of a pull request."}}),
      catalog("slack", {{"post_message", "Post a message to a channel."},
                        {"list_channels", "List the channels of the workspace."}}),
      catalog("clock", {{"now", "What is the time"}, {"webhook", "Calls back at a given time."}}),
  }};
  return index;
}

std::vector<std::string> names(const std::vector<Hit>& hits) {
  std::vector<std::string> found;
  for (const Hit& hit : hits) found.push_back(hit.capability->name);
  return found;
}

std::string best(const Index& index, std::string_view query) {
  const auto hits = index.search(query, {.limit = 1});
  return hits.empty() ? "" : hits.front().capability->name;
}

TEST(Index, finds_what_is_asked_for_in_natural_language) {
  const Index& index = work_tools();
  EXPECT_EQ(best(index, "Could you please open a new issue for me?"), "github.create_issue");
  EXPECT_EQ(best(index, "I want to send messages to the #general channel"), "slack.post_message");
  EXPECT_EQ(best(index, "which channels are there"), "slack.list_channels");
}

TEST(Index, prefers_a_name_that_is_asked_for_completely) {
  EXPECT_EQ(best(work_tools(), "list issues"), "github.list_issues");
}

TEST(Index, finds_words_written_apart_or_together) {
  const Index& index = work_tools();
  EXPECT_EQ(best(index, "createissue"), "github.create_issue");
  EXPECT_EQ(best(index, "web hook"), "clock.webhook");
}

TEST(Index, finds_all_tools_of_a_connection_by_its_name) {
  EXPECT_THAT(names(work_tools().search("slack")),
              testing::UnorderedElementsAre("slack.list_channels", "slack.post_message"));
}

TEST(Index, puts_the_capability_whose_full_name_is_given_first) {
  const Index index{{catalog("a", {{"x", "x x x y"}, {"x-y", ""}}), catalog("b", {{"x", "a.x"}})}};
  EXPECT_EQ(best(index, "a.x"), "a.x");
  EXPECT_EQ(best(index, " a.x-y\n"), "a.x-y");
  EXPECT_EQ(best(index, "b.x"), "b.x");
}

TEST(Index, finds_a_capability_whose_name_has_no_words_by_its_full_name) {
  const Index index{{catalog("?", {{"!", ""}})}};
  EXPECT_EQ(best(index, "?.!"), "?.!");
}

TEST(Index, lists_everything_by_name_when_the_query_is_empty) {
  const auto hits = work_tools().search("  ", {.limit = 3});
  EXPECT_THAT(names(hits), ElementsAre("clock.now", "clock.webhook", "github.create_issue"));
}

TEST(Index, returns_nothing_for_words_that_occur_nowhere) {
  EXPECT_THAT(work_tools().search("zebra quantum"), IsEmpty());
}

TEST(Index, takes_an_unfinished_last_word_as_a_beginning) {
  EXPECT_EQ(best(work_tools(), "post mess"), "slack.post_message");
  EXPECT_EQ(best(work_tools(), "repo"), "github.delete_repository");
}

TEST(Index, uses_stop_words_when_there_is_nothing_else) {
  EXPECT_EQ(best(work_tools(), "now"), "clock.now");
}

TEST(Index, orders_equal_scores_by_name) {
  const Index index{{catalog("b", {{"ping", "probe"}}), catalog("a", {{"ping", "probe"}}),
                     catalog("c", {{"ping", "probe"}})}};
  EXPECT_THAT(names(index.search("probe")), ElementsAre("a.ping", "b.ping", "c.ping"));
}

TEST(Index, weighs_words_by_how_rare_they_are_across_connections) {
  // In catalog b "report" is rare, but elsewhere it is everywhere: "invoice" must decide.
  std::vector<Tool> reports;
  for (int i = 0; i < 20; ++i) reports.push_back({"r" + std::to_string(i), "report of sales"});
  const Index index{{catalog("a", reports),
                     catalog("b", {{"one", "report of things"}, {"two", "invoice of things"}})}};
  EXPECT_EQ(best(index, "report or invoice"), "b.two");
}

TEST(Index, searches_one_connection_when_asked_to) {
  const auto hits = work_tools().search("list", {.connection = "slack"});
  EXPECT_THAT(names(hits), ElementsAre("slack.list_channels"));
  EXPECT_THAT(names(work_tools().search("", {.connection = "clock"})),
              ElementsAre("clock.now", "clock.webhook"));
}

TEST(Index, returns_only_what_is_visible_and_fills_the_limit_with_it) {
  const Index& index = work_tools();
  const auto not_github = [](const Capability& c) { return c.connection != "github"; };
  EXPECT_THAT(names(index.search("list issues", {.limit = 1, .visible = not_github})),
              ElementsAre("slack.list_channels"));
  EXPECT_THAT(index.search("", {.visible = not_github}), SizeIs(4));
}

TEST(Index, asks_about_visibility_only_as_often_as_needed) {
  int asked = 0;
  const auto count = [&](const Capability&) { return ++asked > 0; };
  work_tools().search("list issues of the repository channels", {.limit = 2, .visible = count});
  EXPECT_EQ(asked, 2);
}

TEST(Index, returns_no_more_than_the_limit_in_order_of_score) {
  const auto hits = work_tools().search("list the issues of a repository", {.limit = 3});
  ASSERT_THAT(hits, SizeIs(3));
  EXPECT_TRUE(std::ranges::is_sorted(hits, std::greater{}, &Hit::score));
  EXPECT_THAT(work_tools().search("list", {.limit = 0}), IsEmpty());
}

TEST(Index, gives_the_same_answer_in_whatever_order_the_catalogs_come) {
  const auto a = catalog("a", {{"send_mail", "Sends a mail"}, {"read_mail", "Reads mail"}});
  const auto b = catalog("b", {{"mail", "Mail things"}, {"other", "Sends other things"}});
  const Index one{{a, b}};
  const Index two{{b, a}};
  EXPECT_EQ(names(one.search("send a mail")), names(two.search("send a mail")));
}

TEST(Index, keeps_the_first_of_several_capabilities_with_one_name) {
  const Index index{{catalog("a", {{"x", "first"}}), catalog("a", {{"x", "second"}})}};
  EXPECT_EQ(index.size(), 1u);
  EXPECT_EQ(index.find("a.x")->description, "first");
  EXPECT_THAT(index.search("second"), IsEmpty());
}

TEST(Index, finds_by_exact_name) {
  const Index& index = work_tools();
  EXPECT_EQ(index.find("slack.post_message")->tool, "post_message");
  EXPECT_EQ(index.find("slack.post"), nullptr);
  EXPECT_EQ(index.find(""), nullptr);
}

TEST(Index, without_catalogs_finds_nothing) {
  EXPECT_THAT(Index{}.search("anything"), IsEmpty());
  EXPECT_THAT(Index{}.search(""), IsEmpty());
  EXPECT_EQ(Index{}.find("a.b"), nullptr);
}

TEST(Index, keeps_its_capabilities_alive) {
  Index index{{catalog("slack", {{"list_channels", ""}})}};
  const auto hits = index.search("channels");
  const Index moved = std::move(index);
  EXPECT_EQ(hits.front().capability->connection, "slack");
  EXPECT_EQ(moved.find("slack.list_channels"), hits.front().capability);
}

TEST(Index, reads_a_bounded_part_of_a_long_query) {
  std::string query(5000, ' ');
  query = "issue" + query + "slack";
  for (const Hit& hit : work_tools().search(query)) {
    EXPECT_EQ(hit.capability->connection, "github");
  }
}

}  // namespace
}  // namespace gatehouse::catalog
