// The part of Registrar for clients that a person registered by hand, with a secret or a private
// key, and how any registration authenticates.
#include "oauth/registration.hpp"
#include "oauth_client/registration.hpp"

namespace gatehouse::oauth_client {
namespace {

using vault::Registration;
using vault::RegistrationKind;

/// What a client is recognised by; other clients of the issuer are left alone.
bool is_same_client(const Registration& a, const Registration& b) {
  return a.client_id == b.client_id && a.auth_method == b.auth_method &&
         a.client_secret.same_as(b.client_secret) && a.private_key.same_as(b.private_key) &&
         a.signing_algorithm == b.signing_algorithm && a.key_id == b.key_id;
}

Result<oauth::JoseKey> read_key(const Secret& pem, const std::string& algorithm) {
  std::optional<oauth::JoseAlgorithm> chosen;
  if (!algorithm.empty()) {
    chosen = oauth::parse_jose_algorithm(algorithm);
    if (!chosen)
      return fail(Errc::invalid_argument,
                  "the signing algorithm " + quote_remote(algorithm, 40) + " is not supported",
                  "use ES256, RS256, PS256 or EdDSA");
  }
  return oauth::JoseKey::from_pem(pem, chosen);
}

}  // namespace

Task<Result<Secret>> Registrar::read_secret(Secret value, std::string reference, std::string what) {
  // Filled in already by who read it, or kept here.
  if (!value.empty() || reference.empty()) co_return value;
  if (!settings_.resolve)
    co_return fail(Errc::unsupported, what + ": references are not read here");
  auto read = co_await settings_.resolve(std::move(reference));
  if (!read)
    co_return fail(read.error().code, what + ": " + read.error().detail, read.error().hint);
  co_return std::move(*read);
}

Task<Result<Registration>> Registrar::use_preregistered(RegistrationRequest request) {
  const vault::OAuthSettings& given = request.settings;
  auto secret =
      co_await read_secret(given.client_secret, given.client_secret_reference, "the client secret");
  if (!secret) co_return std::unexpected(secret.error());
  auto key =
      co_await read_secret(given.private_key, given.private_key_reference, "the private key");
  if (!key) co_return std::unexpected(key.error());
  const auto method = oauth::preregistered_auth_method(
      {!secret->empty(), !key->empty(), given.auth_method}, request.server);
  if (!method) co_return std::unexpected(method.error());
  Registration wanted{.id = RegistrationId::make(),
                      .organization = request.organization,
                      .issuer = request.server.issuer,
                      .kind = RegistrationKind::preregistered,
                      .client_id = given.client_id,
                      .client_secret = std::move(*secret),
                      .auth_method = std::string(oauth::to_string(*method)),
                      .redirect_uris = {request.redirect_uri},
                      .created_at = clock_.now()};
  if (*method == oauth::ClientAuthMethod::private_key_jwt) {
    // A key that does not fit is told of now and not when the server refuses.
    const auto fits = read_key(*key, given.signing_algorithm);
    if (!fits) co_return std::unexpected(fits.error());
    wanted.private_key = std::move(*key);
    wanted.signing_algorithm = std::string(oauth::to_string(fits->algorithm()));
    wanted.key_id = given.key_id;
  }
  const auto current = co_await store_.find_current(request.organization, request.server.issuer,
                                                    RegistrationKind::preregistered);
  if (!current) co_return std::unexpected(current.error());
  // Two connections may use two clients of one issuer: each writes its own, older ones stay.
  if (*current && is_same_client(**current, wanted)) co_return **current;
  Result<Registration> stored =
      co_await store_.save(wanted, *current ? std::optional((*current)->id) : std::nullopt);
  if (stored || stored.error().code != Errc::conflict) co_return stored;
  const auto winner = co_await store_.find_current(request.organization, request.server.issuer,
                                                   RegistrationKind::preregistered);
  if (winner && *winner && is_same_client(**winner, wanted)) co_return **winner;
  co_return stored;
}

Result<oauth::ClientAuthentication> client_authentication(const Registration& registration) {
  const auto method = oauth::parse_auth_method(registration.auth_method);
  if (!method) {
    return fail(Errc::unsupported, "client authentication by " +
                                       quote_remote(registration.auth_method, 40) +
                                       " is not supported");
  }
  oauth::ClientAuthentication client{.client_id = registration.client_id,
                                     .client_secret = registration.client_secret,
                                     .method = *method};
  if (*method == oauth::ClientAuthMethod::private_key_jwt) {
    auto key = read_key(registration.private_key, registration.signing_algorithm);
    if (!key) return std::unexpected(key.error());
    client.key = std::move(*key);
    client.key_id = registration.key_id;
    // The issuer and not the token endpoint: an assertion that a look-alike endpoint collects is
    // of no use elsewhere then.
    client.audience = registration.issuer;
  }
  return client;
}

}  // namespace gatehouse::oauth_client
