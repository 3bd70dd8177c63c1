#include "cli/parser.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "cli/nearest.hpp"
#include "cli/program_texts.hpp"

namespace gatehouse::cli {
namespace {

// The words of a command's name: "token create" is two.
std::vector<std::string> words_of(const std::string& name) {
  const std::size_t space = name.find(' ');
  if (space == std::string::npos) return {name};
  return {name.substr(0, space), name.substr(space + 1)};
}

struct Bind {
  CLI::App& app;
  const Argument& argument;
  CLI::Option* operator()(bool* into) const {
    return app.add_flag(argument.names, *into, argument.help);
  }
  CLI::Option* operator()(std::string* into) const {
    return app.add_option(argument.names, *into, argument.help);
  }
  CLI::Option* operator()(std::optional<std::string>* into) const {
    return app.add_option_function<std::string>(
        argument.names, [into](const std::string& value) { *into = value; }, argument.help);
  }
  CLI::Option* operator()(std::vector<std::string>* into) const {
    CLI::Option* option = app.add_option(argument.names, *into, argument.help);
    // A flag that may be repeated takes one value each time, so that it swallows no positional.
    if (argument.names.starts_with("-")) option->expected(1)->take_all()->allow_extra_args(false);
    return option;
  }
};

void bind(CLI::App& app, const CommandSpec& spec) {
  app.footer(spec.details);
  if (spec.listing == CommandSpec::Listing::hidden) app.group("");
  for (const Argument& argument : spec.arguments) {
    CLI::Option* option = std::visit(Bind{app, argument}, argument.into);
    option->required(argument.presence == Argument::Presence::required);
    option->type_name(std::holds_alternative<bool*>(argument.into) ? "" : "TEXT");
    if (!argument.names.starts_with("-")) option->type_name("");
  }
}

std::vector<std::string> first_words(const std::vector<CommandSpec>& specs) {
  std::vector<std::string> words;
  for (const CommandSpec& spec : specs) {
    if (spec.listing == CommandSpec::Listing::shown) words.push_back(words_of(spec.name).front());
  }
  return words;
}

Parsed complain(std::string text) {
  Parsed parsed;
  parsed.complaint = std::move(text);
  parsed.exit = Exit::usage;
  return parsed;
}

// Says which word is wrong before CLI11 says only that something is.
std::optional<Parsed> check_command_word(std::span<const std::string> words,
                                         const std::vector<CommandSpec>& specs) {
  const auto first =
      std::ranges::find_if(words, [](const std::string& word) { return !word.starts_with("-"); });
  if (first == words.end()) return std::nullopt;
  std::vector<std::string> below;
  bool known = false;
  for (const CommandSpec& spec : specs) {
    const std::vector<std::string> name = words_of(spec.name);
    if (name.front() != *first) continue;
    known = true;
    if (name.size() > 1) below.push_back(name[1]);
  }
  if (!known) {
    return complain(fmt::format("There is no command \"{}\".{}\n`gatehouse --help` lists them.",
                                *first, suggestion(*first, first_words(specs))));
  }
  const auto second = std::find_if(first + 1, words.end(),
                                   [](const std::string& word) { return !word.starts_with("-"); });
  if (below.empty() || second == words.end() || std::ranges::find(below, *second) != below.end())
    return std::nullopt;
  return complain(fmt::format("There is no command \"{} {}\".{}\n`gatehouse {} --help` lists them.",
                              *first, *second, suggestion(*second, below), *first));
}

struct Tree {
  CLI::App app{std::string(program_summary()), "gatehouse"};
  std::vector<CLI::App*> leaves;  // by command
  std::map<std::string, CLI::App*> groups;
};

void build(Tree& tree, const std::vector<CommandSpec>& specs, Parsed& parsed,
           const std::string& version) {
  tree.app.footer(std::string(program_footer()));
  tree.app.set_version_flag("--version", "gatehouse " + version, "Print the version");
  const std::array<bool*, 3> into{nullptr, &parsed.verbose, &parsed.no_color};
  for (std::size_t i = 1; i < into.size(); ++i)  // the first is CLI11's own
    tree.app.add_flag(general_flags()[i].names, *into[i], general_flags()[i].help);
  tree.app.require_subcommand(1);
  tree.app.fallthrough();
  for (const CommandSpec& spec : specs) {
    const std::vector<std::string> name = words_of(spec.name);
    CLI::App* parent = &tree.app;
    if (name.size() > 1) {
      CLI::App*& group = tree.groups[name.front()];
      if (group == nullptr) {
        group = tree.app.add_subcommand(name.front(), std::string(group_summary(name.front())));
        group->footer(
            fmt::format("`gatehouse {} COMMAND --help` shows flags and examples.\n", name.front()));
        group->require_subcommand(1);
        group->fallthrough();
      }
      parent = group;
    }
    CLI::App* leaf = parent->add_subcommand(name.back(), spec.summary);
    leaf->fallthrough();
    bind(*leaf, spec);
    tree.leaves.push_back(leaf);
  }
}

// CLI11 asks for the help of the innermost command that was named.
std::string help_of(Tree& tree) {
  const std::string root = tree.app.get_name();
  for (CLI::App* leaf : tree.leaves) {
    if (!leaf->parsed()) continue;
    const CLI::App* parent = leaf->get_parent();
    return leaf->help(parent == &tree.app ? root : root + " " + parent->get_name());
  }
  for (const auto& [name, group] : tree.groups) {
    if (group->parsed()) return group->help(root);
  }
  return tree.app.help();
}

}  // namespace

Parsed parse(std::span<const std::string> words, std::vector<CommandPtr>& commands,
             const std::string& version) {
  std::vector<CommandSpec> specs;
  for (const CommandPtr& command : commands) specs.push_back(command->spec());
  // `gatehouse help COMMAND` is `gatehouse COMMAND --help`.
  std::vector<std::string> helped;
  if (!words.empty() && words.front() == "help") {
    helped.assign(words.begin() + 1, words.end());
    helped.emplace_back("--help");
    words = helped;
  }
  const auto dashes = std::ranges::find(words, "--");
  const std::span<const std::string> before(words.begin(), dashes);
  if (std::optional<Parsed> wrong = check_command_word(before, specs)) return *std::move(wrong);

  Parsed parsed;
  Tree tree;
  build(tree, specs, parsed, version);
  std::vector<std::string> arguments(before.begin(), before.end());
  std::vector<std::string> after(dashes == words.end() ? dashes : dashes + 1, words.end());
  try {
    if (words.empty()) throw CLI::CallForHelp();
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    tree.app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    parsed.output = help_of(tree);
    return parsed;
  } catch (const CLI::CallForVersion&) {
    parsed.output = "gatehouse " + version + "\n";
    return parsed;
  } catch (const CLI::ParseError& error) {
    std::string command = "gatehouse";
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (tree.leaves[i]->parsed()) command += " " + specs[i].name;
    }
    return complain(fmt::format("{}\n`{} --help` shows what it takes.", error.what(), command));
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!tree.leaves[i]->parsed()) continue;
    if (dashes != words.end()) {
      if (specs[i].after_dashes == nullptr)
        return complain(fmt::format("`gatehouse {}` takes nothing after --", specs[i].name));
      *specs[i].after_dashes = std::move(after);
    }
    parsed.command = commands[i].get();
    return parsed;
  }
  return complain("Which command? `gatehouse --help` lists them.");
}

}  // namespace gatehouse::cli
