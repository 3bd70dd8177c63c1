// gatehouse show: everything stored about one connection, except secrets.
#include <fmt/format.h>

#include "cli/accounts.hpp"
#include "cli/connections.hpp"
#include "cli/grant_options.hpp"
#include "cli/key_flags.hpp"
#include "cli/redirect.hpp"
#include "cli/settings_flags.hpp"
#include "cli/table.hpp"
#include "config/placeholder.hpp"
#include "jsonrpc/json.hpp"
#include "vault/standing.hpp"

namespace gatehouse::cli {
namespace {

struct Login {
  std::optional<vault::Credential> credential;
  std::string problem;  // why it cannot be read
  std::vector<Account> accounts;
  std::string auth_method;  // of the client at the token endpoint; empty: not settled yet
  std::optional<vault::Registration> registration;  // that the login was made with
};

std::string client_text(const vault::Registration& registration, SystemTime now) {
  std::string text = registration.client_id;
  switch (registration.kind) {
    case vault::RegistrationKind::preregistered:
      text += " (registered by hand)";
      break;
    case vault::RegistrationKind::client_metadata:
      text += " (our metadata document)";
      break;
    case vault::RegistrationKind::dynamic:
      text += " (registered by itself)";
      break;
  }
  if (registration.refused_at) text += ", refused by the server";
  if (registration.secret_expires_at) {
    const auto left =
        std::chrono::ceil<std::chrono::minutes>(*registration.secret_expires_at - now);
    const auto days = std::chrono::floor<std::chrono::days>(left);
    text += left.count() <= 0  ? ", its secret has expired"
            : days.count() > 0 ? fmt::format(", its secret ends in {} days", days.count())
                               : fmt::format(", its secret ends in {} minutes", left.count());
  }
  return text;
}

bool is_bound(const Login& login) {
  return login.credential && login.credential->tokens.token_type == "DPoP";
}

/// "required", or what the login has; nothing where nobody asked for it.
std::string dpop_text(const vault::Connection& connection, const Login& login) {
  const vault::Dpop setting = connection.oauth.dpop;
  if (is_bound(login)) return "yes: the token is bound to a key made here";
  return setting == vault::Dpop::automatic ? std::string() : std::string(dpop_name(setting));
}

/// How the client of the login authenticates, or will as far as the settings say.
Task<std::string> find_auth_method(Services& services, vault::Connection connection,
                                   std::optional<RegistrationId> client) {
  if (client) {
    const auto registration =
        co_await services.store.registrations().find(connection.organization, *client);
    if (registration && *registration) co_return (*registration)->auth_method;
  }
  const vault::OAuthSettings& oauth = connection.oauth;
  const bool has_key = !oauth.private_key.empty() || !oauth.private_key_reference.empty();
  if (oauth.auth_method.empty() && has_key) co_return "private_key_jwt";
  co_return oauth.auth_method;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string purpose_name(http::Purpose purpose) {
  return purpose == http::Purpose::connection ? "connection" : "authorization_server";
}

std::string machine_grant_of(const vault::Connection& connection) {
  if (connection.role == vault::Role::identity_provider) return {};
  if (connection.oauth.grant == vault::Grant::authorization_code) return {};
  return std::string(grant_name(connection.oauth.grant)) + ", nobody signs in";
}

std::string login_word(const Login& login) {
  if (!login.problem.empty()) return "lost: " + login.problem;
  if (!login.credential || login.credential->tokens.access_token.empty()) return "none";
  if (login.credential->sign_in_required) return "ended: " + login.credential->sign_in_reason;
  return login.credential->subject.empty() ? "yes" : "as " + login.credential->subject;
}

std::string expiry_text(const Login& login, SystemTime now) {
  if (!login.credential || login.credential->tokens.access_token.empty()) return {};
  const vault::TokenSet& tokens = login.credential->tokens;
  const std::string_view renewal = tokens.refresh_token.empty() ? "" : ", renewed by itself";
  if (!tokens.expires_at) return fmt::format("not told{}", renewal);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(*tokens.expires_at - now);
  if (minutes.count() < 0) return fmt::format("expired{}", renewal);
  return fmt::format("in {} minutes{}", minutes.count(), renewal);
}

// Where it is read, never what it is.
std::string origin_of(const vault::NamedSecret& secret) {
  return secret.reference.empty() ? " (set)"
                                  : " from " + config::describe_sources(secret.reference);
}

class ShowCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "show";
    spec.summary = "Show one connection: settings, sign-in, server";
    spec.details = "Examples:\n  gatehouse show notion\n  gatehouse show notion --json";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    Result<vault::ConnectionState> state =
        co_await services.store.connections().load_state(connection->organization, connection->id);
    if (!state) co_return std::unexpected(state.error());
    Login login;
    Result<std::optional<vault::Credential>> credential =
        co_await services.store.credentials().find(
            upstream::credential_key(target_of(*connection)));
    if (credential) {
      login.credential = std::move(*credential);
    } else if (credential.error().code == Errc::corrupt) {
      login.problem = credential.error().detail;
    } else {
      co_return std::unexpected(credential.error());
    }
    const Result<std::vector<Account>> accounts = co_await list_accounts(services, *connection);
    if (!accounts) co_return std::unexpected(accounts.error());
    login.accounts = *accounts;
    if (login.credential) {
      auto registration = co_await services.store.registrations().find(
          connection->organization, login.credential->binding.registration);
      if (registration) login.registration = std::move(*registration);
    }
    std::optional<RegistrationId> client;
    if (login.credential) client = login.credential->binding.registration;
    login.auth_method = co_await find_auth_method(services, *connection, std::move(client));
    if (json_) {
      services.terminal.print(to_json(*connection, *state, login).str() + "\n");
    } else {
      services.terminal.print(to_people(*connection, *state, login, services.clock.now()));
    }
    co_return Exit::done;
  }

 private:
  static std::string to_people(const vault::Connection& connection,
                               const vault::ConnectionState& state, const Login& login,
                               SystemTime now) {
    const std::string_view info =
        state.server_info.empty() ? "{}" : std::string_view(state.server_info);
    const jsonrpc::JsonView server = jsonrpc::JsonView::of_proved(info);
    std::vector<std::pair<std::string, std::string>> facts{
        {"name", connection.name},
        {connection.transport == vault::Transport::http ? "url" : "command",
         address_of(connection)},
        {"directory", connection.directory},
        {"state", std::string(describe(standing_of(connection, state)))},
        {"why", state.health == vault::Health::ready ? "" : state.detail},
        {"what to do", state.health == vault::Health::ready ? "" : state.hint},
        {"checked", state.checked_at ? ago(*state.checked_at, now) : "never"},
        {"server",
         server.string("name").value_or("") + " " + server.string("version").value_or("")},
        {"protocol", protocol_text(state)},
        {"needs", std::string(auth_name(connection.auth))},
        {"role", connection.role == vault::Role::identity_provider ? "identity provider" : ""},
        {"grant", machine_grant_of(connection)},
        {"signs in through", connection.oauth.identity_provider},
        {"assertion read from", connection.oauth.assertion_reference},
        {"client id", connection.oauth.client_id},
        {"client signs in by", login.auth_method},
        {"dpop", dpop_text(connection, login)},
        {"redirect uri", fixed_redirect_uri(connection.oauth).value_or("")},
        {"scopes", joined(connection.oauth.scopes)}};
    if (state.server_info.empty())
      std::erase_if(facts, [](auto& f) { return f.first == "server"; });
    const auto settings = settings_facts(connection.options);
    facts.insert(facts.end(), settings.begin(), settings.end());
    facts.emplace_back("preset", connection.preset);
    facts.emplace_back("from", connection.origin);
    for (const vault::NamedSecret& header : connection.headers)
      facts.emplace_back("header", header.name + origin_of(header));
    for (const vault::NamedSecret& variable : connection.environment)
      facts.emplace_back("variable", variable.name + origin_of(variable));
    for (const http::Allowance& allowance : connection.allowances)
      facts.emplace_back("allowed", allowance.origin + " as " + purpose_name(allowance.purpose));
    if (connection.auth == vault::AuthKind::oauth || login.credential || !login.problem.empty()) {
      facts.emplace_back("signed in", login_word(login));
      facts.emplace_back("token expires", expiry_text(login, now));
      if (login.credential) {
        facts.emplace_back("issuer", login.credential->binding.issuer);
        facts.emplace_back("resource", login.credential->binding.resource);
        facts.emplace_back("granted", login.credential->tokens.scope);
        if (login.registration) facts.emplace_back("client", client_text(*login.registration, now));
      }
    }
    if (login.accounts.size() > 1) {
      for (const Account& account : login.accounts) {
        facts.emplace_back("account", account.name +
                                          (account.is_default ? " (agents use it): " : ": ") +
                                          account_text(account));
      }
    }
    return to_text(facts);
  }

  static JsonObject to_json(const vault::Connection& connection,
                            const vault::ConnectionState& state, const Login& login) {
    JsonObject json = connection_json(connection, state);
    std::vector<std::string> headers, variables, allowances;
    for (const vault::NamedSecret& header : connection.headers) headers.push_back(header.name);
    for (const vault::NamedSecret& variable : connection.environment)
      variables.push_back(variable.name);
    for (const http::Allowance& allowance : connection.allowances) {
      allowances.push_back(JsonObject()
                               .text("origin", allowance.origin)
                               .text("purpose", purpose_name(allowance.purpose))
                               .str());
    }
    json.raw("settings", settings_json(connection.options).str());
    json.texts("headers", headers).texts("environment", variables);
    json.raw("allowances", json_array(allowances)).texts("scopes", connection.oauth.scopes);
    json.text_if("redirect_uri", fixed_redirect_uri(connection.oauth).value_or(""));
    json.text_if("client_id", connection.oauth.client_id).text_if("era", era_name(state));
    json.text_if("auth_method", login.auth_method);
    json.text("dpop", dpop_name(connection.oauth.dpop));
    json.text_if("protocol_version", state.protocol_version);
    if (!state.server_info.empty()) json.raw("server", state.server_info);
    JsonObject sign_in;
    const bool held = login.credential && !login.credential->tokens.access_token.empty();
    sign_in.flag("signed_in", held && !login.credential->sign_in_required);
    sign_in.text_if("problem", login.problem);
    if (login.credential) {
      const vault::Credential& credential = *login.credential;
      sign_in.text_if("reason", credential.sign_in_reason).text_if("subject", credential.subject);
      sign_in.text("issuer", credential.binding.issuer);
      sign_in.text("resource", credential.binding.resource);
      sign_in.text("scope", credential.tokens.scope);
      sign_in.text("token_type", credential.tokens.token_type);
      sign_in.time("expires_at", credential.tokens.expires_at);
      sign_in.flag("refreshable", !credential.tokens.refresh_token.empty());
      if (login.registration) {
        sign_in.text("client_id", login.registration->client_id);
        sign_in.time("client_secret_expires_at", login.registration->secret_expires_at);
        sign_in.flag("client_refused", login.registration->refused_at.has_value());
      }
    }
    json.raw("login", sign_in.str()).raw("accounts", accounts_json(login.accounts));
    return json;
  }

  std::string name_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_show_command() {
  return std::make_unique<ShowCommand>();
}

}  // namespace gatehouse::cli
