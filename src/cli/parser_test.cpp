#include "cli/parser.hpp"

#include <gtest/gtest.h>

namespace gatehouse::cli {
namespace {

struct Given {
  std::string name;
  std::string url;
  std::vector<std::string> headers;
  std::vector<std::string> after;
  bool json = false;
};

class TestCommand final : public Command {
 public:
  TestCommand(std::string name, Given& given) : name_(std::move(name)), given_(given) {}
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = name_;
    spec.summary = "Tests";
    spec.details = "Examples:\n  an example";
    spec.after_dashes = name_ == "add" ? &given_.after : nullptr;
    spec.arguments = {{"name", "a name", &given_.name, Argument::Presence::required},
                      {"url", "a URL", &given_.url},
                      {"--header", "a header", &given_.headers},
                      {"--json", "JSON", &given_.json}};
    return spec;
  }
  Task<Result<Exit>> run(Services&) override { co_return Exit::done; }

 private:
  std::string name_;
  Given& given_;
};

class Parser : public testing::Test {
 protected:
  Parser() {
    for (const char* name : {"add", "show", "token create", "token list"})
      commands_.push_back(std::make_unique<TestCommand>(name, given_));
  }
  Parsed parse_words(std::vector<std::string> words) { return parse(words, commands_, "1.2.3"); }

  Given given_;
  std::vector<CommandPtr> commands_;
};

TEST_F(Parser, finds_the_command_and_fills_its_flags) {
  const Parsed parsed =
      parse_words({"add", "--header", "A=env:B", "notion", "--json", "https://a.example/mcp"});
  EXPECT_EQ(parsed.command, commands_[0].get());
  EXPECT_EQ(given_.name, "notion");
  EXPECT_EQ(given_.url, "https://a.example/mcp");
  EXPECT_EQ(given_.headers, std::vector<std::string>{"A=env:B"});
  EXPECT_TRUE(given_.json);
}

TEST_F(Parser, everything_after_the_dashes_belongs_to_the_command) {
  const Parsed parsed = parse_words({"add", "files", "--", "npx", "-y", "--json", "--", "x"});
  EXPECT_EQ(parsed.command, commands_[0].get());
  EXPECT_EQ(given_.after, (std::vector<std::string>{"npx", "-y", "--json", "--", "x"}));
  EXPECT_FALSE(given_.json);
}

TEST_F(Parser, a_command_that_takes_nothing_after_dashes_says_so) {
  EXPECT_EQ(parse_words({"show", "a", "--", "b"}).complaint,
            "`gatehouse show` takes nothing after --");
}

TEST_F(Parser, a_group_has_commands_below) {
  EXPECT_EQ(parse_words({"token", "create", "agent"}).command, commands_[2].get());
}

TEST_F(Parser, an_unknown_command_names_the_nearest) {
  const Parsed parsed = parse_words({"shwo", "a"});
  EXPECT_EQ(parsed.command, nullptr);
  EXPECT_EQ(parsed.exit, Exit::usage);
  EXPECT_NE(parsed.complaint.find("Did you mean \"show\"?"), std::string::npos);
  EXPECT_NE(parse_words({"token", "crate"}).complaint.find("Did you mean \"create\"?"),
            std::string::npos);
}

TEST_F(Parser, a_missing_argument_is_a_usage_error) {
  const Parsed parsed = parse_words({"show"});
  EXPECT_EQ(parsed.exit, Exit::usage);
  EXPECT_NE(parsed.complaint.find("name is required"), std::string::npos);
  EXPECT_NE(parsed.complaint.find("gatehouse show --help"), std::string::npos);
}

TEST_F(Parser, an_unknown_flag_is_a_usage_error) {
  EXPECT_EQ(parse_words({"show", "a", "--nonsense"}).exit, Exit::usage);
}

TEST_F(Parser, help_shows_flags_and_examples) {
  const Parsed parsed = parse_words({"show", "--help"});
  EXPECT_EQ(parsed.exit, Exit::done);
  EXPECT_NE(parsed.output.find("--header"), std::string::npos);
  EXPECT_NE(parsed.output.find("an example"), std::string::npos);
  EXPECT_EQ(parse_words({"help", "show"}).output, parsed.output);
  EXPECT_NE(parse_words({}).output.find("Start here"), std::string::npos);
  EXPECT_EQ(parse_words({"help"}).output, parse_words({}).output);
}

TEST_F(Parser, the_version_is_printed) {
  EXPECT_EQ(parse_words({"--version"}).output, "gatehouse 1.2.3\n");
}

TEST_F(Parser, verbose_is_taken_anywhere) {
  EXPECT_TRUE(parse_words({"-v", "show", "a"}).verbose);
  EXPECT_TRUE(parse_words({"show", "a", "-v"}).verbose);
}

TEST(Commands, every_one_has_a_summary_and_examples_or_details) {
  for (const CommandPtr& command : make_commands()) {
    const CommandSpec spec = command->spec();
    EXPECT_FALSE(spec.summary.empty()) << spec.name;
    EXPECT_FALSE(spec.details.empty()) << spec.name;
  }
}

}  // namespace
}  // namespace gatehouse::cli
