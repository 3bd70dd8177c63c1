#include "cli/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "cli/program_texts.hpp"

namespace gatehouse::cli {
namespace {

using Words = std::span<const std::string>;

enum class Files { no, too };  ///< besides the names of a kind

/// What an argument takes. The first entry that fits is taken; an empty command stands for all.
struct Takes {
  std::string_view command;
  std::string_view argument;
  std::optional<ValueKind> kind;
  std::vector<std::string_view> choices = {};
  Files files = Files::no;
};

const std::vector<Takes>& takes_table() {
  using enum ValueKind;
  static const std::vector<Takes> table{
      {"add", "name", preset},
      {"token create", "name", {}},
      {"keyring set", "name", {}},
      {"keyring remove", "name", {}},
      {"trust", "name", project_entry},
      {"", "name", connection},
      {"", "names", connection},
      {"", "--connection", connection},
      {"call", "tool", capability},
      {"describe", "", capability},
      {"token revoke", "token", agent_token},
      {"keys rotate", "--to", {}, {"file", "keyring", "environment", "command"}},
      {"token create", "--scope", {}, {"read", "write"}},
      {"add", "--preset", preset},
      {"add", "--cwd", file},
      {"", "--client-secret-file", file},
      {"", "--passphrase-file", file},
      {"", "--output", file},
      {"import", "source", agent, {}, Files::too},
      {"", "agent", agent},
  };
  return table;
}

template <class Range>
bool holds(const Range& range, std::string_view word) {
  return std::ranges::find(range, word) != range.end();
}

bool is_flag(const Argument& argument) {
  return argument.names.starts_with("-");
}

bool takes_value(const Argument& argument) {
  return !std::holds_alternative<bool*>(argument.into);
}

bool repeats(const Argument& argument) {
  return std::holds_alternative<std::vector<std::string>*>(argument.into);
}

/// "-v,--verbose" is two.
std::vector<std::string_view> names_of(const Argument& argument) {
  std::vector<std::string_view> names;
  std::string_view rest = argument.names;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    names.push_back(rest.substr(0, comma));
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  }
  return names;
}

const Argument* find_flag(const CommandSpec& spec, std::string_view word) {
  for (const Argument& argument : spec.arguments) {
    if (is_flag(argument) && holds(names_of(argument), word)) return &argument;
  }
  return nullptr;
}

class Completer {
 public:
  Completer(Words words, const std::vector<CommandSpec>& specs, const KnownValues& known)
      : before_(words.first(words.size() - 1)),
        current_(words.back()),
        specs_(specs),
        known_(known) {}

  Completions run() {
    if (holds(before_, "--")) {
      out_.files = true;  // the command of a server
      return std::move(out_);
    }
    std::size_t at = skip_flags(0);
    if (at == before_.size()) return first_words();
    const std::string& first = before_[at];
    if (first == "help") return first_words();
    if (const CommandSpec* spec = find(first)) return within(*spec, at + 1);
    const std::size_t second = skip_flags(at + 1);
    if (second == before_.size()) return second_words(first);
    if (const CommandSpec* spec = find(first + " " + before_[second]))
      return within(*spec, second + 1);
    return std::move(out_);
  }

 private:
  const CommandSpec* find(const std::string& name) const {
    const auto found = std::ranges::find(specs_, name, &CommandSpec::name);
    return found == specs_.end() ? nullptr : &*found;
  }

  std::size_t skip_flags(std::size_t at) const {
    while (at < before_.size() && before_[at].starts_with("-")) ++at;
    return at;
  }

  void offer(std::string_view value, std::string_view summary) {
    if (value.starts_with(current_))
      out_.words.push_back({std::string(value), std::string(summary)});
  }

  void offer_general_flags() {
    for (const GeneralFlag& flag : general_flags()) offer(flag.name, flag.help);
  }

  Completions first_words() {
    if (current_.starts_with("-")) {
      offer_general_flags();
      offer("--version", "Print the version");
      return std::move(out_);
    }
    std::set<std::string_view> groups;
    for (const CommandSpec& spec : specs_) {
      if (spec.listing == CommandSpec::Listing::hidden) continue;
      const std::size_t space = spec.name.find(' ');
      const std::string_view word = std::string_view(spec.name).substr(0, space);
      if (space == spec.name.npos) {
        offer(word, spec.summary);
      } else if (groups.insert(word).second) {
        offer(word, group_summary(word));
      }
    }
    offer("help", "Show what a command takes");
    return std::move(out_);
  }

  Completions second_words(const std::string& group) {
    for (const CommandSpec& spec : specs_) {
      if (spec.listing == CommandSpec::Listing::shown && spec.name.starts_with(group + " "))
        offer(std::string_view(spec.name).substr(group.size() + 1), spec.summary);
    }
    return std::move(out_);
  }

  Completions within(const CommandSpec& spec, std::size_t at) {
    std::set<const Argument*> used;
    std::size_t positionals = 0;
    for (; at < before_.size(); ++at) {
      const Argument* flag = find_flag(spec, before_[at]);
      if (flag == nullptr) {
        if (!before_[at].starts_with("-")) ++positionals;
        continue;
      }
      used.insert(flag);
      if (!takes_value(*flag)) continue;
      if (at + 1 == before_.size()) return values(spec, *flag);
      ++at;
    }
    if (current_.starts_with("-")) return flags(spec, used);
    for (const Argument& argument : spec.arguments) {
      if (is_flag(argument)) continue;
      if (positionals == 0 || repeats(argument)) return values(spec, argument);
      --positionals;
    }
    return std::move(out_);
  }

  Completions flags(const CommandSpec& spec, const std::set<const Argument*>& used) {
    for (const Argument& argument : spec.arguments) {
      if (!is_flag(argument) || (used.contains(&argument) && !repeats(argument))) continue;
      offer(names_of(argument).back(), argument.help);
    }
    offer_general_flags();
    return std::move(out_);
  }

  Completions values(const CommandSpec& spec, const Argument& argument) {
    const std::string_view name = names_of(argument).back();
    const auto takes = std::ranges::find_if(takes_table(), [&](const Takes& one) {
      const bool this_one = one.argument.empty() ? !is_flag(argument) : one.argument == name;
      return this_one && (one.command.empty() || one.command == spec.name);
    });
    if (takes == takes_table().end()) return std::move(out_);
    for (const std::string_view choice : takes->choices) offer(choice, "");
    if (!takes->kind) return std::move(out_);
    out_.files = takes->files == Files::too;
    if (*takes->kind == ValueKind::file) {
      out_.files = true;
    } else {
      for (const std::string& value : known_(*takes->kind)) offer(value, "");
    }
    return std::move(out_);
  }

  Words before_;
  std::string_view current_;
  const std::vector<CommandSpec>& specs_;
  const KnownValues& known_;
  Completions out_;
};

// Each asks the program that was typed; ":file" hands over to the shell.
constexpr std::string_view kBash = R"sh(# bash completion for gatehouse
_gatehouse() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":file" ]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("$(printf '%q' "${line%%$'\t'*}")")
    fi
  done < <(command "$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _gatehouse gatehouse
)sh";
constexpr std::string_view kZsh = R"sh(#compdef gatehouse
# zsh completion for gatehouse
_gatehouse() {
  local line value
  local -a shown
  for line in "${(@f)$(command ${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ "$line" == ":file" ]]; then
      _files
    elif [[ -n "$line" ]]; then
      value="${line%%$'\t'*}"
      shown+=("${value//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( ${#shown} )) && _describe gatehouse shown
}
if [ "$funcstack[1]" = "_gatehouse" ]; then
  _gatehouse "$@"
else
  compdef _gatehouse gatehouse
fi
)sh";
constexpr std::string_view kFish = R"sh(# fish completion for gatehouse
function __gatehouse_complete
  set -l words (commandline -opc)
  for line in (command $words[1] complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$line" = ":file"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c gatehouse -f -a '(__gatehouse_complete)'
)sh";

}  // namespace

Completions complete(std::span<const std::string> words, const std::vector<CommandSpec>& specs,
                     const KnownValues& known) {
  static const std::vector<std::string> nothing(1);
  return Completer(words.empty() ? Words(nothing) : words, specs, known).run();
}

std::vector<std::string> stale_entries(const std::vector<CommandSpec>& specs) {
  std::vector<std::string> stale;
  for (const Takes& entry : takes_table()) {
    const bool used = std::ranges::any_of(specs, [&](const CommandSpec& spec) {
      if (!entry.command.empty() && entry.command != spec.name) return false;
      return entry.argument.empty() ||
             std::ranges::any_of(spec.arguments, [&](const Argument& argument) {
               return holds(names_of(argument), entry.argument);
             });
    });
    if (!used) stale.push_back(fmt::format("{} {}", entry.command, entry.argument));
  }
  return stale;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "zsh") return kZsh;
  return shell == "fish" ? kFish : kBash;
}

}  // namespace gatehouse::cli
