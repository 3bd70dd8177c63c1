#include "cli/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "cli/program_texts.hpp"

namespace gatehouse::cli {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

/// Paragraphs are filled; what is indented stands as it is.
std::string roff_block(std::string_view text) {
  std::string out;
  bool verbatim = false;
  for (const std::string_view line : lines_of(text)) {
    const bool indented = line.starts_with("  ");
    if (indented != verbatim) out += indented ? ".PP\n.EX\n" : ".EE\n.PP\n";
    verbatim = indented;
    if (line.empty()) {
      if (!out.ends_with(".PP\n")) out += ".PP\n";
    } else {
      out += roff(line) + "\n";
    }
  }
  if (verbatim) out += ".EE\n";
  while (out.ends_with(".PP\n")) out.resize(out.size() - 4);
  return out;
}

bool is_flag(const Argument& argument) {
  return argument.names.starts_with("-");
}

std::string synopsis(const CommandSpec& spec) {
  std::string line = fmt::format(".SY gatehouse\n\\fB{}\\fR\n", roff(spec.name));
  for (const Argument& argument : spec.arguments) {
    const bool needed = argument.presence == Argument::Presence::required;
    const bool many = std::holds_alternative<std::vector<std::string>*>(argument.into);
    if (is_flag(argument)) continue;
    const std::string name =
        fmt::format("\\fI{}\\fR{}", roff(upper(argument.names)), many ? "..." : "");
    line += needed ? name + "\n" : "[" + name + "]\n";
  }
  const bool flags = std::ranges::any_of(spec.arguments, is_flag);
  if (flags) line += "[\\fIoptions\\fR]\n";
  if (spec.after_dashes != nullptr) line += "[\\fB\\-\\-\\fR \\fICOMMAND\\fR...]\n";
  return line + ".YS\n";
}

std::string option(const Argument& argument) {
  std::string names;
  std::string_view rest = argument.names;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    names += (names.empty() ? "\\fB" : ", \\fB") + roff(rest.substr(0, comma)) + "\\fR";
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  }
  const bool value = !std::holds_alternative<bool*>(argument.into);
  return fmt::format(".TP\n{}{}\n{}\n", names, value ? " \\fIvalue\\fR" : "", roff(argument.help));
}

std::string arguments_of(const CommandSpec& spec, std::string_view flags_heading) {
  std::string positionals, flags;
  for (const Argument& argument : spec.arguments) {
    if (is_flag(argument)) {
      flags += option(argument);
    } else {
      positionals +=
          fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(upper(argument.names)), roff(argument.help));
    }
  }
  return positionals + (flags.empty() || flags_heading.empty() ? "" : std::string(flags_heading)) +
         flags;
}

std::string general_options() {
  std::string out;
  for (const GeneralFlag& flag : general_flags())
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(flag.name), roff(flag.help));
  return out;
}

std::string see_also(std::string_view others) {
  return fmt::format(".SH SEE ALSO\n{}\n", others);
}

/// A command on a page of its own, or under a heading of its group's.
std::string body_of(const CommandSpec& spec) {
  return ".SH DESCRIPTION\n" + roff(spec.summary) + ".\n" +
         (spec.details.empty() ? "" : ".PP\n" + roff_block(spec.details)) + ".SH OPTIONS\n" +
         arguments_of(spec, "") + general_options();
}

std::string group_body(const std::string& group, const std::vector<const CommandSpec*>& specs) {
  std::string out = ".SH DESCRIPTION\n" + roff(group_summary(group)) + ".\n.SH COMMANDS\n";
  for (const CommandSpec* spec : specs)
    out += fmt::format(".SS \"gatehouse {}\"\n{}.\n", roff(spec->name), roff(spec->summary)) +
           (spec->details.empty() ? "" : ".PP\n" + roff_block(spec->details)) +
           arguments_of(*spec, "");
  return out + ".SH OPTIONS\n" + general_options();
}

}  // namespace

std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '^':
        out += "\\(ha";
        break;
      default:
        out += c;
    }
  }
  // The few other characters that our texts have.
  for (const auto& [from, to] : {std::pair{"…", "..."}, {"–", "\\(en"}, {"→", "\\(->"}}) {
    for (std::size_t at = out.find(from); at != out.npos; at = out.find(from, at))
      out.replace(at, std::string_view(from).size(), to);
  }
  return out;
}

std::string man_head(std::string_view title, std::string_view section, const ManEdition& edition,
                     std::string_view name, std::string_view summary) {
  return fmt::format(
      ".\\\" Made by `gatehouse man` from the texts of --help.\n"
      ".TH {} {} {} \"gatehouse {}\" \"Gatehouse\"\n.SH NAME\n{} \\- {}\n",
      upper(title), section, edition.date, edition.version, roff(name), roff(summary));
}

std::vector<ManPage> make_man_pages(const std::vector<CommandSpec>& specs,
                                    const ManEdition& edition) {
  std::map<std::string, std::vector<const CommandSpec*>> by_word;
  std::vector<std::string> order;
  for (const CommandSpec& spec : specs) {
    if (spec.listing == CommandSpec::Listing::hidden) continue;
    const std::string word = spec.name.substr(0, spec.name.find(' '));
    if (by_word[word].empty()) order.push_back(word);
    by_word[word].push_back(&spec);
  }
  std::string list;
  std::vector<ManPage> pages(1);
  for (const std::string& word : order) {
    const std::vector<const CommandSpec*>& members = by_word[word];
    const bool group = members.size() > 1 || members.front()->name != word;
    const std::string summary(group ? group_summary(word) : std::string_view(members[0]->summary));
    std::string text = man_head("gatehouse-" + word, "1", edition, "gatehouse-" + word, summary);
    text += ".SH SYNOPSIS\n";
    for (const CommandSpec* spec : members) text += synopsis(*spec);
    text += group ? group_body(word, members) : body_of(*members.front());
    text += see_also(".BR gatehouse (1)");
    pages.push_back({"gatehouse-" + word + ".1", std::move(text)});
    list += fmt::format(".TP\n.BR gatehouse\\-{} (1)\n{}\n", roff(word), roff(summary));
  }
  pages[0].file = "gatehouse.1";
  pages[0].text = man_head("gatehouse", "1", edition, "gatehouse",
                           "one door between AI agents and every MCP server they use") +
                  ".SH SYNOPSIS\n.SY gatehouse\n\\fICOMMAND\\fR\n[\\fIarguments\\fR]\n.YS\n"
                  ".SH DESCRIPTION\n" +
                  roff_block(program_footer()) + ".SH COMMANDS\n" + list + ".SH OPTIONS\n" +
                  general_options() + ".TP\n\\fB\\-\\-version\\fR\nPrint the version\n" +
                  see_also(".BR gatehouse\\-config (5)");
  return pages;
}

}  // namespace gatehouse::cli
