#include "cli/login_settings.hpp"

#include <algorithm>

#include "cli/secret_source.hpp"

namespace gatehouse::cli {

Task<Result<vault::Connection>> apply_login_settings(Services& services, LoginSettings settings,
                                                     vault::Connection connection) {
  vault::OAuthSettings& oauth = connection.oauth;
  for (const std::string& scope : settings.scopes) {
    if (std::ranges::find(oauth.scopes, scope) == oauth.scopes.end()) oauth.scopes.push_back(scope);
  }
  if (!settings.client_id.empty() && settings.client_id != oauth.client_id) {
    oauth.client_id = settings.client_id;
    oauth.client_secret = Secret();  // the old one belongs to the old client
    oauth.client_secret_reference.clear();
    oauth.private_key = Secret();
    oauth.private_key_reference.clear();
  }
  if (!settings.client_secret_file.empty()) {
    if (oauth.client_id.empty())
      co_return fail(Errc::invalid_argument, "a client secret needs --client-id");
    const Result<SecretSource> source =
        parse_secret_source("file:" + settings.client_secret_file, "--client-secret-file");
    if (!source) co_return std::unexpected(source.error());
    Result<Secret> secret = co_await read_now(services, *source);
    if (!secret) co_return std::unexpected(secret.error());
    oauth.client_secret = std::move(*secret);
    oauth.client_secret_reference.clear();
    oauth.private_key = Secret();  // it would be used instead
    oauth.private_key_reference.clear();
  }
  if (const Result<void> redirected = apply_redirect(settings.redirect, oauth); !redirected)
    co_return std::unexpected(redirected.error());
  if (const Result<void> keyed = apply_key_flags(settings.key, oauth); !keyed)
    co_return std::unexpected(keyed.error());
  if (const auto key = co_await try_private_key(services, settings.key, oauth); !key)
    co_return std::unexpected(key.error());
  if (!settings.given()) co_return connection;
  co_return co_await services.store.connections().update(std::move(connection));
}

}  // namespace gatehouse::cli
