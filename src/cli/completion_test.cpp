#include "cli/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/man_page.hpp"
#include "cli/program_texts.hpp"

namespace gatehouse::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Completing : public testing::Test {
 protected:
  Completing() {
    for (const CommandPtr& command : commands_) specs_.push_back(command->spec());
  }
  std::vector<std::string> values(std::vector<std::string> words) {
    std::vector<std::string> out;
    last_ = complete(words, specs_, [](ValueKind kind) -> std::vector<std::string> {
      switch (kind) {
        case ValueKind::connection:
          return {"notion", "notes", "linear"};
        case ValueKind::capability:
          return {"notes.search", "notes.create"};
        case ValueKind::agent_token:
          return {"laptop"};
        default:
          return {};
      }
    });
    for (const Completion& word : last_.words) out.push_back(word.value);
    return out;
  }
  std::vector<CommandPtr> commands_ = make_commands();
  std::vector<CommandSpec> specs_;
  Completions last_;
};

TEST_F(Completing, offers_commands_and_groups_once) {
  EXPECT_THAT(values({"lo"}), ElementsAre("login", "logout"));
  EXPECT_THAT(values({"tok"}), ElementsAre("token"));
  EXPECT_FALSE(last_.words[0].summary.empty());
  EXPECT_THAT(values({}), Contains("keys"));
}

TEST_F(Completing, offers_what_a_group_has) {
  EXPECT_THAT(values({"keys", ""}), ElementsAre("status", "rotate"));
  EXPECT_THAT(values({"--verbose", "keys", "r"}), ElementsAre("rotate"));
}

TEST_F(Completing, offers_names_that_are_known) {
  EXPECT_THAT(values({"login", "no"}), ElementsAre("notion", "notes"));
  EXPECT_THAT(values({"call", "notes."}), ElementsAre("notes.search", "notes.create"));
  EXPECT_THAT(values({"search", "--connection", "l"}), ElementsAre("linear"));
  EXPECT_THAT(values({"token", "revoke", ""}), ElementsAre("laptop"));
  EXPECT_THAT(values({"keys", "rotate", "--to", "k"}), ElementsAre("keyring"));
  EXPECT_THAT(values({"keyring", "set", ""}), IsEmpty()) << "not a connection";
}

TEST_F(Completing, offers_flags_that_were_not_given_yet) {
  EXPECT_THAT(values({"login", "notion", "--no-b"}), ElementsAre("--no-browser"));
  EXPECT_THAT(values({"login", "notion", "--json", "--js"}), IsEmpty());
  EXPECT_THAT(values({"login", "--"}), Contains("--help"));
  EXPECT_THAT(values({"--ver"}), ElementsAre("--verbose", "--version"));
}

TEST_F(Completing, leaves_files_to_the_shell) {
  EXPECT_THAT(values({"login", "notion", "--client-secret-file", ""}), IsEmpty());
  EXPECT_TRUE(last_.files);
  values({"add", "files", "--", ""});
  EXPECT_TRUE(last_.files);
}

TEST_F(Completing, offers_nothing_behind_a_command_that_does_not_exist) {
  EXPECT_THAT(values({"nonsense", "x", ""}), IsEmpty());
}

TEST_F(Completing, hides_what_help_hides) {
  CommandSpec hidden;
  hidden.name = "secret-thing";
  hidden.listing = CommandSpec::Listing::hidden;
  specs_.push_back(hidden);
  EXPECT_THAT(values({"secret"}), IsEmpty());
}

TEST_F(Completing, knows_no_argument_that_is_gone) {
  EXPECT_THAT(stale_entries(specs_), IsEmpty());
}

TEST_F(Completing, every_group_has_a_summary) {
  for (const CommandSpec& spec : specs_) {
    const std::size_t space = spec.name.find(' ');
    if (space != std::string::npos) {
      EXPECT_NE(group_summary(spec.name.substr(0, space)), "") << spec.name;
    }
  }
}

TEST(ManPages, have_a_page_for_each_word) {
  const std::vector<CommandPtr> commands = make_commands();
  std::vector<CommandSpec> specs;
  for (const CommandPtr& command : commands) specs.push_back(command->spec());
  const std::vector<ManPage> pages = make_man_pages(specs, {"1.2.3", "2026-11-21"});
  std::vector<std::string> files;
  for (const ManPage& page : pages) {
    files.push_back(page.file);
    EXPECT_TRUE(page.text.contains(".SH SEE ALSO")) << page.file;
  }
  EXPECT_THAT(files, Contains("gatehouse-keys.1"));
  EXPECT_EQ(files.front(), "gatehouse.1");
  EXPECT_THAT(files, Not(Contains("gatehouse-keys status.1")));
}

TEST(ManPages, quote_what_roff_would_obey) {
  EXPECT_EQ(roff(".SH x"), "\\&.SH x");
  EXPECT_EQ(roff("'tis"), "\\&\\(aqtis");
  EXPECT_EQ(roff("a\\b --c"), "a\\eb \\-\\-c");
}

}  // namespace
}  // namespace gatehouse::cli
