#include "cli/key_flags.hpp"

#include <fmt/format.h>

#include "cli/secret_source.hpp"
#include "cli/services.hpp"
#include "oauth/jose.hpp"

namespace gatehouse::cli {
namespace {

using vault::Dpop;

Result<void> apply_dpop(const std::string& text, Dpop& dpop) {
  for (const Dpop one : {Dpop::automatic, Dpop::required, Dpop::never}) {
    if (text != dpop_name(one)) continue;
    dpop = one;
    return {};
  }
  return fail(Errc::invalid_argument,
              fmt::format("--dpop: {} is none that is known here", quote_remote(text, 60)),
              "required, never, or automatic: where the server asks for it");
}

}  // namespace

std::string_view dpop_name(Dpop dpop) {
  switch (dpop) {
    case Dpop::automatic:
      return "automatic";
    case Dpop::required:
      return "required";
    case Dpop::never:
      return "never";
  }
  return "automatic";
}

void add_key_arguments(std::vector<Argument>& arguments, KeyFlags& flags) {
  arguments.push_back({"--private-key",
                       "Where the client's PEM key is: file:PATH, command:PROGRAM, env:NAME or "
                       "keyring:NAME; for private_key_jwt",
                       &flags.private_key});
  arguments.push_back({"--signing-algorithm", "ES256, RS256, PS256 or EdDSA; by the key otherwise",
                       &flags.signing_algorithm});
  arguments.push_back({"--key-id", "`kid` of what that key signs", &flags.key_id});
  arguments.push_back({"--dpop",
                       "Bind tokens to a key made here (RFC 9449): required, never, or automatic "
                       "(where the server asks for it)",
                       &flags.dpop});
}

Result<void> apply_key_flags(const KeyFlags& flags, vault::OAuthSettings& settings) {
  if (!flags.signing_algorithm.empty()) {
    if (!oauth::parse_jose_algorithm(flags.signing_algorithm)) {
      return fail(Errc::invalid_argument,
                  fmt::format("--signing-algorithm: {} is none that is known here",
                              quote_remote(flags.signing_algorithm, 60)),
                  "ES256, RS256, PS256 or EdDSA; without it the key decides");
    }
    settings.signing_algorithm = flags.signing_algorithm;
  }
  if (!flags.key_id.empty()) settings.key_id = flags.key_id;
  if (!flags.dpop.empty()) {
    if (const Result<void> applied = apply_dpop(flags.dpop, settings.dpop); !applied)
      return applied;
  }
  if (flags.private_key.empty()) {
    const bool keyed = !settings.private_key_reference.empty() || !settings.private_key.empty();
    if (keyed || (flags.key_id.empty() && flags.signing_algorithm.empty())) return {};
    return fail(Errc::invalid_argument,
                fmt::format("{} needs a private key",
                            flags.key_id.empty() ? "--signing-algorithm" : "--key-id"),
                fmt::format("--private-key {}", kSecretForms));
  }
  const Result<SecretSource> source = parse_secret_source(flags.private_key, "--private-key");
  if (!source) return std::unexpected(source.error());
  if (source->asks()) {
    return fail(Errc::invalid_argument, "--private-key: a key is not typed",
                fmt::format("--private-key {}", kSecretForms));
  }
  if (settings.client_id.empty())
    return fail(Errc::invalid_argument, "--private-key needs --client-id");
  settings.private_key_reference = source->reference;
  settings.private_key = Secret();
  return {};
}

Task<Result<void>> try_private_key(Services& services, KeyFlags flags,
                                   vault::OAuthSettings settings) {
  if (flags.private_key.empty()) co_return Result<void>{};
  const Result<Secret> pem = co_await services.read_secret(settings.private_key_reference);
  std::optional<Error> problem;
  if (!pem) problem = pem.error();
  if (pem) {
    const auto key =
        oauth::JoseKey::from_pem(*pem, oauth::parse_jose_algorithm(settings.signing_algorithm));
    if (!key) problem = key.error();
  }
  if (!problem) co_return Result<void>{};
  co_return fail(
      Errc::invalid_argument,
      fmt::format("--private-key {}: {}", settings.private_key_reference, problem->detail),
      problem->hint);
}

}  // namespace gatehouse::cli
