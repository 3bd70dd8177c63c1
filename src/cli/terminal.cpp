#include "cli/terminal.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

// One prompt and its answer, or why there is none.
Task<Result<std::string>> prompt(Terminal& terminal, std::string question, Echo echo,
                                 std::string hint) {
  if (!terminal.can_ask()) {
    co_return fail(Errc::invalid_argument,
                   "a question needs a terminal: " + printable(trim_ows(question)), hint);
  }
  Result<std::optional<std::string>> line = co_await terminal.read_line(std::move(question), echo);
  if (!line) co_return std::unexpected(line.error());
  if (!*line) co_return fail(Errc::cancelled, "cancelled");
  co_return std::move(**line);
}

}  // namespace

Task<Result<std::string>> ask(Terminal& terminal, std::string question, std::string preset,
                              std::string hint) {
  const std::string shown =
      preset.empty() ? question + ": " : fmt::format("{} [{}]: ", question, printable(preset));
  Result<std::string> answer = co_await prompt(terminal, shown, Echo::shown, hint);
  if (answer && trim_ows(*answer).empty()) co_return preset;
  co_return answer;
}

Task<Result<Secret>> ask_secret(Terminal& terminal, std::string question, std::string hint) {
  Result<std::string> answer =
      co_await prompt(terminal, question + " (not shown): ", Echo::hidden, hint);
  if (!answer) co_return std::unexpected(answer.error());
  co_return Secret(std::move(*answer));
}

Task<Result<Answer>> confirm(Terminal& terminal, std::string question, Answer preset,
                             std::string hint) {
  while (true) {
    Result<std::string> answer = co_await prompt(
        terminal, question + (preset == Answer::yes ? " [Y/n] " : " [y/N] "), Echo::shown, hint);
    if (!answer) co_return std::unexpected(answer.error());
    const std::string word = ascii_lower(trim_ows(*answer));
    if (word.empty()) co_return preset;
    if (word == "y" || word == "yes") co_return Answer::yes;
    if (word == "n" || word == "no") co_return Answer::no;
    terminal.note("Please answer y or n.");
  }
}

Task<Result<std::size_t>> choose(Terminal& terminal, std::string question,
                                 std::vector<std::string> options, std::string hint) {
  for (std::size_t i = 0; i < options.size(); ++i)
    terminal.note(fmt::format("  {}  {}", i + 1, printable(options[i])));
  while (true) {
    Result<std::string> answer =
        co_await ask(terminal, fmt::format("{} (1-{})", question, options.size()), "", hint);
    if (!answer) co_return std::unexpected(answer.error());
    const std::string_view word = trim_ows(*answer);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = error == std::errc() && end == word.data() + word.size();
    if (whole && number >= 1 && number <= options.size()) co_return number - 1;
  }
}

}  // namespace gatehouse::cli
