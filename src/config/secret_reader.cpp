#include "config/secret_reader.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "base/limits.hpp"

namespace gatehouse::config {
namespace {

constexpr std::array<const char*, 3> kCommandVariables{"HOME", "PATH", "USER"};

}  // namespace

Result<std::string> trim_secret(std::string text, std::string_view what) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return fail(Errc::invalid_argument, fmt::format("{} is empty", what));
  if (text.find('\0') != std::string::npos)
    return fail(Errc::invalid_argument, fmt::format("{} is not a text", what));
  return text;
}

Task<Result<Secret>> SecretReader::resolve(std::string reference) {
  Result<Template> parsed = parse_template(reference);
  if (!parsed) co_return std::unexpected(parsed.error());
  co_return co_await fill(std::move(*parsed));
}

Task<Result<Secret>> SecretReader::fill(Template text) {
  std::string whole;
  for (const Piece& piece : text.pieces) {
    Result<std::string> part = co_await read(piece);
    if (!part) co_return std::unexpected(part.error());
    whole += *part;
    if (whole.size() > limits::kSecretBytes) {
      co_return fail(Errc::too_large, fmt::format("{} is longer than {} bytes", describe(piece),
                                                  limits::kSecretBytes));
    }
  }
  co_return Secret(std::move(whole));
}

Task<Result<std::string>> SecretReader::read(Piece piece) {
  switch (piece.source) {
    case Source::literal:
      co_return piece.text;
    case Source::environment:
      co_return read_variable(piece);
    case Source::command:
      co_return co_await run_command(std::move(piece));
    case Source::file: {
      std::string path = piece.text;
      if (path.starts_with("~/")) {
        const std::optional<std::string> home = parts_.environment("HOME");
        if (!home || !home->starts_with("/"))
          co_return fail(Errc::not_found, describe(piece) + ": HOME is not set",
                         "give an absolute path");
        path = *home + path.substr(1);
      }
      Result<std::string> text = co_await parts_.workers.run(
          [&path] { return read_secret_file(path, limits::kSecretBytes); });
      if (!text) co_return text;
      co_return trim_secret(std::move(*text), describe(piece));
    }
    case Source::keyring: {
      if (parts_.keyring == nullptr) {
        co_return fail(Errc::unsupported, describe(piece) + ": there is no keyring here",
                       "use ${env:NAME}, ${file:PATH} or ${command:…} on this machine");
      }
      Result<Secret> found = co_await parts_.workers.run(
          [this, &piece] { return parts_.keyring->look_up(vault::secret_item(piece.text)); });
      if (!found) {
        co_return fail(found.error().code,
                       fmt::format("{}: {}", describe(piece), found.error().detail),
                       found.error().hint);
      }
      co_return trim_secret(std::string(found->reveal()), describe(piece));
    }
  }
  co_return fail(Errc::bug, "an unknown source of a secret");
}

Result<std::string> SecretReader::read_variable(const Piece& piece) const {
  std::optional<std::string> value = parts_.environment(piece.text);
  if ((!value || value->empty()) && piece.has_otherwise) return piece.otherwise;
  if (!value) {
    return fail(Errc::not_found,
                fmt::format("{}: the environment has no variable {}", describe(piece), piece.text),
                fmt::format("set {} where gatehouse is started", piece.text));
  }
  return trim_secret(std::move(*value), describe(piece));
}

Task<Result<std::string>> SecretReader::run_command(Piece piece) {
  const std::string what = describe(piece);
  jsonrpc::ProcessSpec process;
  process.argv = std::move(piece.argv);
  process.name = "secret command";
  for (const char* name : kCommandVariables) {
    if (const std::optional<std::string> value = parts_.environment(name))
      process.environment[name] = *value;
  }
  if (process.argv.front().starts_with("~/") && process.environment.contains("HOME"))
    process.argv.front() = process.environment["HOME"] + process.argv.front().substr(1);
  process.directory = "/";
  const std::string hint = "run it by hand to see what is wrong";
  Result<jsonrpc::CommandOutput> output = co_await with_timeout(
      limits::kSecretCommand, parts_.commands.run(std::move(process), limits::kSecretBytes), what);
  if (!output) {
    co_return fail(output.error().code, fmt::format("{}: {}", what, output.error().detail),
                   output.error().hint.empty() ? hint : output.error().hint);
  }
  Secret text(std::move(output->text));
  if (output->status != 0) {
    std::string why = fmt::format("{} ended with status {}", what, output->status);
    if (!output->last_words.empty()) why += ", saying " + quote_remote(output->last_words, 300);
    co_return fail(Errc::rejected, std::move(why), hint);
  }
  co_return trim_secret(std::string(text.reveal()), what);
}

}  // namespace gatehouse::config
