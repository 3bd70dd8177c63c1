#include "cli/secret_source.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "base/encoding.hpp"
#include "http/message.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kSecretBytes = 16 * 1024;

}  // namespace

Result<SecretSource> parse_secret_source(std::string_view text, std::string_view flag) {
  if (text.empty() || text == "prompt") return SecretSource{};
  if (text.starts_with("env:") && text.size() > 4)
    return SecretSource{SecretSource::Kind::environment, std::string(text.substr(4))};
  if (text.starts_with("file:") && text.size() > 5)
    return SecretSource{SecretSource::Kind::file, std::string(text.substr(5))};
  return fail(Errc::invalid_argument,
              fmt::format("{} does not take the secret itself: command lines are visible to other "
                          "programs and stay in the shell's history",
                          flag),
              "give env:VARIABLE, file:PATH, or leave it out to be asked");
}

Result<HeaderSource> parse_header_source(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':');
  const bool literal = colon != std::string_view::npos && colon < equals;
  const std::string_view name = trim_ows(text.substr(0, literal ? colon : equals));
  if (!http::is_token(name)) {
    return fail(Errc::invalid_argument,
                fmt::format("--header: {} is no header name", quote_remote(name, 60)),
                "--header NAME=env:VARIABLE, --header NAME=file:PATH or --header NAME");
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

Result<Secret> read_secret(const SecretSource& source) {
  if (source.kind == SecretSource::Kind::environment) {
    const char* value = std::getenv(source.where.c_str());
    if (value == nullptr)
      return fail(Errc::not_found, fmt::format("the environment has no variable {}", source.where));
    return check_secret(value, "environment variable " + source.where);
  }
  std::ifstream file(source.where, std::ios::binary);
  if (!file) return fail(Errc::not_found, fmt::format("cannot read file {}", source.where));
  std::string text(kSecretBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return check_secret(std::move(text), "file " + source.where);
}

Result<Secret> check_secret(std::string text, std::string_view what) {
  if (text.size() > kSecretBytes)
    return fail(Errc::too_large, fmt::format("{} is longer than {} bytes", what, kSecretBytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return fail(Errc::invalid_argument, fmt::format("{} is empty", what));
  if (!http::is_field_value(text)) {
    return fail(Errc::invalid_argument,
                fmt::format("{} has characters that no header can carry", what));
  }
  return Secret(std::move(text));
}

}  // namespace gatehouse::cli
