#include "cli/providers.hpp"

#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/grant_options.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

// What the token is good for, in words: how long.
std::string life_of(const vault::TokenSet& tokens) {
  if (!tokens.expires_at) return "the server does not say for how long";
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(*tokens.expires_at - tokens.obtained_at);
  if (seconds.count() < 120) return fmt::format("good for {} seconds", seconds.count());
  return fmt::format("good for {} minutes", seconds.count() / 60);
}

vault::Health health_of(const Error& error) {
  if (error.code == Errc::sign_in_required) return vault::Health::sign_in_required;
  return classify(error) == Disposition::retry ? vault::Health::unreachable
                                               : vault::Health::failing;
}

}  // namespace

Task<Result<vault::Credential>> obtain_token(Services& services, vault::Connection connection) {
  const vault::CredentialKey key = upstream::credential_key(target_of(connection));
  const ConnectionId id = connection.id;
  Result<vault::Credential> obtained =
      co_await services.tokens.obtain_anew(std::move(connection), key);
  if (obtained) services.upstreams.reset(id);
  co_return obtained;
}

void tell_obtained(Services& services, const vault::Connection& connection,
                   const vault::Credential& credential) {
  std::string by = "as the client " + printable(connection.oauth.client_id);
  if (connection.oauth.grant == vault::Grant::jwt_bearer) by = "with the assertion";
  if (connection.oauth.grant == vault::Grant::identity_assertion)
    by = "through " + connection.oauth.identity_provider;
  services.terminal.note(fmt::format("{} got a token from {} {}, {}; no sign-in is needed.",
                                     connection.name, printable(credential.binding.issuer), by,
                                     life_of(credential.tokens)));
}

Task<Result<vault::ConnectionState>> check_provider(Services& services,
                                                    vault::Connection provider) {
  const OrganizationId organization = provider.organization;
  const std::string& reference = provider.oauth.assertion_reference;
  const vault::CredentialKey key = upstream::credential_key(target_of(provider));
  Result<Secret> token = reference.empty() ? co_await services.tokens.id_token(provider, key)
                                           : co_await services.read_secret(reference);
  Result<vault::ConnectionState> state =
      co_await services.store.connections().load_state(organization, provider.id);
  if (!state) co_return state;
  state->checked_at = services.clock.now();
  state->health = token ? vault::Health::ready : health_of(token.error());
  state->detail = token ? std::string() : token.error().detail;
  state->hint = token ? std::string() : token.error().hint;
  if (token) state->ready_at = state->checked_at;
  const Result<void> saved =
      co_await services.store.connections().save_state(organization, provider.id, *state);
  if (!saved) co_return std::unexpected(saved.error());
  co_return state;
}

std::string provider_ready(const vault::Connection& provider) {
  return fmt::format(
      "{0} is ready: servers that trust it are added with gatehouse add NAME URL "
      "--sign-in-through {0} --client-id ID.",
      provider.name);
}

}  // namespace gatehouse::cli
