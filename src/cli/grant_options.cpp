#include "cli/grant_options.hpp"

#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/secret_source.hpp"
#include "oauth/token.hpp"

namespace gatehouse::cli {
namespace {

using vault::Grant;

Result<Grant> parse_grant(const std::string& text) {
  for (const Grant grant : {Grant::authorization_code, Grant::client_credentials, Grant::jwt_bearer,
                            Grant::identity_assertion})
    if (text == grant_name(grant)) return grant;
  return fail(Errc::invalid_argument,
              fmt::format("--grant: {} is none that is known here", quote_remote(text, 60)),
              "client_credentials, jwt_bearer or identity_assertion; without it a person signs in");
}

Result<void> apply_assertion(const GrantOptions& options, vault::Connection& connection) {
  if (options.assertion.empty()) return {};
  const Result<SecretSource> source = parse_secret_source(options.assertion, "--assertion");
  if (!source) return std::unexpected(source.error());
  if (source->asks()) {
    return fail(Errc::invalid_argument, "--assertion: an assertion is read anew each time",
                fmt::format("--assertion {}", kSecretForms));
  }
  connection.oauth.assertion_reference = source->reference;
  return {};
}

Result<void> check_method(const std::string& method) {
  if (method.empty() || oauth::parse_auth_method(method)) return {};
  return fail(Errc::invalid_argument,
              fmt::format("--auth-method: {} is none that is known here", quote_remote(method, 60)),
              "none, client_secret_basic, client_secret_post or private_key_jwt");
}

Result<void> apply_provider(const GrantOptions& options, vault::Connection& connection) {
  if (!options.grant.empty() || !options.through.empty()) {
    return fail(Errc::invalid_argument,
                "--identity-provider adds the provider itself; --grant and --sign-in-through are "
                "for the servers behind it");
  }
  connection.role = vault::Role::identity_provider;
  connection.auth = vault::AuthKind::oauth;
  return {};
}

}  // namespace

std::string_view grant_name(Grant grant) {
  switch (grant) {
    case Grant::authorization_code:
      return "authorization_code";
    case Grant::client_credentials:
      return "client_credentials";
    case Grant::jwt_bearer:
      return "jwt_bearer";
    case Grant::identity_assertion:
      return "identity_assertion";
  }
  return "authorization_code";
}

void add_grant_arguments(std::vector<Argument>& arguments, GrantOptions& o) {
  arguments.push_back({"--grant",
                       "Tokens without a browser: client_credentials, jwt_bearer or "
                       "identity_assertion",
                       &o.grant});
  arguments.push_back({"--assertion",
                       "Where the JWT of --grant jwt_bearer is: file:PATH, command:PROGRAM, "
                       "env:NAME or keyring:NAME; read each time",
                       &o.assertion});
  arguments.push_back({"--auth-method",
                       "How the client authenticates: client_secret_basic, client_secret_post, "
                       "private_key_jwt or none",
                       &o.auth_method});
  add_key_arguments(arguments, o.key);
  arguments.push_back({"--identity-provider",
                       "Add an identity provider (its issuer) instead of a server",
                       &o.identity_provider});
  arguments.push_back({"--sign-in-through",
                       "Identity provider, added before, that vouches for you at this server",
                       &o.through});
}

Result<void> apply_grant(const GrantOptions& options, vault::Connection& connection) {
  if (const Result<void> method = check_method(options.auth_method); !method) return method;
  connection.oauth.auth_method = options.auth_method;
  if (const Result<void> key = apply_key_flags(options.key, connection.oauth); !key) return key;
  if (const Result<void> assertion = apply_assertion(options, connection); !assertion)
    return assertion;
  if (!options.identity_provider.empty()) return apply_provider(options, connection);
  Grant grant = options.through.empty() ? Grant::authorization_code : Grant::identity_assertion;
  if (!options.grant.empty()) {
    const Result<Grant> given = parse_grant(options.grant);
    if (!given) return std::unexpected(given.error());
    if (!options.through.empty() && *given != grant)
      return fail(Errc::invalid_argument,
                  "--sign-in-through goes with --grant identity_assertion alone");
    grant = *given;
  }
  connection.oauth.grant = grant;
  connection.oauth.identity_provider = options.through;
  if (grant == Grant::identity_assertion && options.through.empty()) {
    return fail(Errc::invalid_argument, "--grant identity_assertion needs --sign-in-through NAME",
                "gatehouse add NAME --identity-provider ISSUER --client-id ID adds the provider");
  }
  if (grant == Grant::jwt_bearer && options.assertion.empty()) {
    return fail(Errc::invalid_argument,
                "--grant jwt_bearer needs --assertion file:PATH, command:PROGRAM or env:NAME");
  }
  if (grant != Grant::jwt_bearer && !options.assertion.empty()) {
    return fail(Errc::invalid_argument,
                "--assertion goes with --grant jwt_bearer or --identity-provider");
  }
  if (grant == Grant::authorization_code) return {};
  if (connection.oauth.client_id.empty() && grant != Grant::jwt_bearer)
    return fail(Errc::invalid_argument,
                fmt::format("--grant {} needs --client-id", grant_name(grant)));
  connection.auth = vault::AuthKind::oauth;
  return {};
}

Result<void> check_grant(const vault::Connection& connection) {
  const vault::OAuthSettings& oauth = connection.oauth;
  const bool proves = !oauth.client_secret.empty() || !oauth.client_secret_reference.empty() ||
                      !oauth.private_key.empty() || !oauth.private_key_reference.empty();
  if (oauth.grant != Grant::client_credentials || proves) return {};
  return fail(Errc::invalid_argument,
              "--grant client_credentials needs the client's secret or private key",
              "--client-secret-file FILE, or --private-key file:PATH");
}

}  // namespace gatehouse::cli
