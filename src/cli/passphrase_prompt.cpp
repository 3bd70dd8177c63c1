#include "cli/passphrase_prompt.hpp"

#include <fmt/format.h>

#include "config/secret_reader.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kShortest = 8;  // characters of a new one
constexpr std::size_t kMostBytes = 4096;

Result<Secret> read_file(const std::string& file) {
  const Result<std::string> content = config::read_secret_file(file, kMostBytes);
  if (!content) return std::unexpected(content.error());
  Result<std::string> text = config::trim_secret(*content, "the passphrase file");
  if (!text) return std::unexpected(text.error());
  return Secret(std::move(*text));
}

Result<void> check_length(const Secret& passphrase) {
  if (passphrase.reveal().size() >= kShortest) return {};
  return fail(Errc::invalid_argument,
              fmt::format("a passphrase has at least {} characters", kShortest),
              "several words are easy to remember and hard to guess");
}

}  // namespace

Task<Result<Secret>> get_passphrase(Services& services, std::string file, Typed typed) {
  if (!file.empty()) {
    Result<Secret> read = co_await services.workers.run([&] { return read_file(file); });
    if (!read || typed == Typed::once) co_return read;
    if (const Result<void> fine = check_length(*read); !fine)
      co_return std::unexpected(fine.error());
    co_return read;
  }
  for (int attempt = 0; attempt < 3; ++attempt) {
    Result<Secret> first =
        co_await ask_secret(services.terminal, "Passphrase", "name a file with --passphrase-file");
    if (!first || typed == Typed::once) co_return first;
    if (const Result<void> fine = check_length(*first); !fine) {
      services.terminal.note(fine.error().detail + ".");
      continue;
    }
    Result<Secret> second = co_await ask_secret(services.terminal, "The same again", "");
    if (!second) co_return second;
    if (first->same_as(*second)) co_return first;
    services.terminal.note("They are not the same.");
  }
  co_return fail(Errc::invalid_argument, "no passphrase was chosen");
}

}  // namespace gatehouse::cli
