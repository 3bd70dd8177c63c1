#include "cli/secret_source.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "cli/services.hpp"
#include "config/placeholder.hpp"
#include "http/message.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::array<std::string_view, 4> kSchemes{"env:", "file:", "command:", "keyring:"};

// A relative path is meant from where the person is, which is not where it will be read.
std::string absolute_path(std::string_view path) {
  if (path.starts_with("/") || path.starts_with("~/")) return std::string(path);
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  return (here / path).lexically_normal().string();
}

Result<SecretSource> by_reference(std::string_view text, std::string_view flag) {
  std::string inside(text);
  if (text.starts_with("file:")) {
    if (text.size() == 5)
      return fail(Errc::invalid_argument, fmt::format("{}: file: needs a path", flag));
    inside = "file:" + absolute_path(text.substr(5));
  }
  const std::string reference = "${" + inside + "}";
  const Result<config::Template> parsed = config::parse_template(reference);
  // More than one piece: a brace in it ended the placeholder early.
  const bool whole = parsed && parsed->pieces.size() == 1 && !parsed->is_literal();
  if (whole && !parsed->pieces.front().has_otherwise) return SecretSource{reference};
  return fail(Errc::invalid_argument,
              fmt::format("{}: {}", flag,
                          parsed ? "the reference cannot be understood" : parsed.error().detail),
              fmt::format("give {}", kSecretForms));
}

}  // namespace

bool is_secret_source(std::string_view text) {
  return std::ranges::any_of(kSchemes,
                             [&](std::string_view scheme) { return text.starts_with(scheme); });
}

Result<SecretSource> parse_secret_source(std::string_view text, std::string_view flag) {
  if (text.empty() || text == "prompt") return SecretSource{};
  if (is_secret_source(text)) return by_reference(text, flag);
  return fail(Errc::invalid_argument,
              fmt::format("{} does not take the secret itself: command lines are visible to other "
                          "programs and stay in the shell's history",
                          flag),
              fmt::format("give {}, or leave it out to be asked", kSecretForms));
}

Result<HeaderSource> parse_header_source(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':');
  const bool literal = colon != std::string_view::npos && colon < equals;
  const std::string_view name = trim_ows(text.substr(0, literal ? colon : equals));
  if (!http::is_token(name)) {
    return fail(Errc::invalid_argument,
                fmt::format("--header: {} is no header name", quote_remote(name, 60)),
                fmt::format("--header NAME={}, or --header NAME to be asked", kSecretForms));
  }
  if (literal) {
    return fail(
        Errc::invalid_argument,
        fmt::format("--header does not take the value of {} itself: command lines are visible to "
                    "other programs and stay in the shell's history",
                    name),
        fmt::format(
            "--header {0}=env:VARIABLE, --header {0}=file:PATH, or --header {0} to be asked",
            name));
  }
  Result<SecretSource> source = parse_secret_source(
      equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1),
      fmt::format("--header {}=…", name));
  if (!source) return std::unexpected(source.error());
  return HeaderSource{std::string(name), std::move(*source)};
}

Task<Result<Secret>> read_now(Services& services, SecretSource source) {
  Result<Secret> read = co_await services.read_secret(source.reference);
  if (!read) co_return read;
  co_return check_secret(std::string(read->reveal()), source.reference);
}

Task<Result<vault::NamedSecret>> obtain(Services& services, SecretSource source, std::string name,
                                        std::string question, std::string prefix, Keep keep) {
  Result<Secret> value = Secret();
  if (source.asks()) {
    value = co_await ask_secret(services.terminal, question,
                                fmt::format("give {} instead", kSecretForms));
    if (value) value = check_secret(std::string(value->reveal()), "what was typed");
  } else {
    // A command or keyring may ask its person something: not twice in a row.
    const bool cheap =
        source.reference.starts_with("${env:") || source.reference.starts_with("${file:");
    if (keep == Keep::value || cheap) value = co_await read_now(services, source);
  }
  if (!value) co_return std::unexpected(value.error());
  if (source.asks() || keep == Keep::value) {
    co_return vault::NamedSecret{
        std::move(name), Secret(prefix + std::string(value->reveal())), {}};
  }
  co_return vault::NamedSecret{std::move(name), Secret(),
                               config::escape(prefix) + source.reference};
}

Result<Secret> check_secret(std::string text, std::string_view what) {
  if (text.size() > limits::kSecretBytes)
    return fail(Errc::too_large,
                fmt::format("{} is longer than {} bytes", what, limits::kSecretBytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return fail(Errc::invalid_argument, fmt::format("{} is empty", what));
  if (!http::is_field_value(text)) {
    return fail(Errc::invalid_argument,
                fmt::format("{} has characters that no header can carry", what));
  }
  return Secret(std::move(text));
}

}  // namespace gatehouse::cli
