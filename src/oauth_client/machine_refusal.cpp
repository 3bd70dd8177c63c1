#include "oauth_client/machine_refusal.hpp"

#include <fmt/format.h>

namespace gatehouse::oauth_client {
namespace {

using vault::Grant;

std::string client_hint(const vault::Connection& connection) {
  if (!connection.oauth.private_key_reference.empty() || !connection.oauth.private_key.empty()) {
    return fmt::format(
        "have the public part of the client's key registered there, or sign with another key: "
        "gatehouse login {} --private-key file:PATH",
        connection.name);
  }
  return fmt::format(
      "correct the client: gatehouse login {} --client-id ID --client-secret-file FILE",
      connection.name);
}

std::string grant_hint(const vault::Connection& connection, std::string_view issuer) {
  switch (connection.oauth.grant) {
    case Grant::jwt_bearer:
      return fmt::format(
          "whoever issues the assertion must make it for the audience {}, not expired, for a "
          "subject that is known there; it is read from {} each time",
          issuer, connection.oauth.assertion_reference);
    case Grant::identity_assertion:
      return fmt::format(
          "whoever runs {} must trust the identity provider {} and let this account in", issuer,
          connection.oauth.identity_provider);
    case Grant::client_credentials:
    case Grant::authorization_code:
      break;
  }
  return client_hint(connection);
}

}  // namespace

bool is_client_of(const vault::Registration& registration, const vault::OAuthSettings& settings) {
  return registration.kind == vault::RegistrationKind::preregistered &&
         registration.client_id == settings.client_id &&
         registration.client_secret.same_as(settings.client_secret) &&
         registration.private_key.same_as(settings.private_key) &&
         registration.key_id == settings.key_id &&
         (settings.signing_algorithm.empty() ||
          settings.signing_algorithm == registration.signing_algorithm) &&
         (settings.auth_method.empty() || settings.auth_method == registration.auth_method);
}

Error explain_refusal(Error error, const vault::Connection& connection, std::string_view issuer) {
  switch (error.code) {
    case Errc::invalid_client:
      error.hint = client_hint(connection);
      return error;
    case Errc::invalid_grant:
      return {Errc::rejected, std::move(error.detail), grant_hint(connection, issuer)};
    case Errc::insufficient_scope:
    case Errc::rejected:
      if (error.hint.empty()) {
        error.hint = fmt::format(
            "whoever runs {} must allow it to this client; other scopes: gatehouse login {} "
            "--scope SCOPE",
            issuer, connection.name);
      }
      return {Errc::rejected, std::move(error.detail), std::move(error.hint)};
    default:
      return error;
  }
}

Error explain_exchange_refusal(Error error, const vault::Connection& provider,
                               const vault::Connection& connection) {
  switch (error.code) {
    case Errc::invalid_client:
      error.hint = client_hint(provider);
      return error;
    case Errc::invalid_grant: {
      const std::string& reference = provider.oauth.assertion_reference;
      std::string hint = reference.empty()
                             ? "sign in there again: gatehouse login " + provider.name
                             : "a new ID token must be put where it is read from: " + reference;
      return {Errc::rejected, std::move(error.detail), std::move(hint)};
    }
    case Errc::insufficient_scope:
    case Errc::rejected:
      return {Errc::rejected, std::move(error.detail),
              fmt::format("the administrator of {} must allow {} to this client and account",
                          provider.name, connection.name)};
    default:
      return error;
  }
}

}  // namespace gatehouse::oauth_client
