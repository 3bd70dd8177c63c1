// gatehouse login: signs in, and proves it by listing the tools.
#include <fmt/format.h>

#include "cli/add_options.hpp"
#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

class LoginCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "login";
    spec.summary = "Sign in to a connection";
    spec.details =
        R"(The browser opens where there is one. Elsewhere open the link on any machine and paste the address
it ends on; over a pipe the address is read from standard input. Esc and Ctrl-C cancel.

Examples:
  gatehouse login notion
  gatehouse login notion --no-browser
  gatehouse login notion --scope read:pages
  gatehouse login crm --client-id gatehouse --client-secret-file secret)";
    spec.arguments = {
        {"name", "The connection", &name_, Argument::Presence::required},
        {"--no-browser", "Show the link instead of opening a browser", &no_browser_},
        {"--issuer", "Authorization server to use, where the server names several", &issuer_},
        {"--scope", "Scope to ask for in addition; repeatable", &scopes_},
        {"--client-id", "OAuth client registered beforehand, from now on", &client_id_},
        {"--client-secret-file", "Read its secret from a file", &client_secret_file_},
        {"--redirect-port", "Loopback port that is registered for the client", &redirect_port_},
        {"--allow-loopback", "Allow what is on this machine without asking", &allow_loopback_},
        {"--json", "Print JSON", &json_},
    };
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    if (connection->auth == vault::AuthKind::headers) {
      co_return fail(
          Errc::unsupported, fmt::format("{} uses a fixed key, not a sign-in", name_),
          fmt::format("to change the key: gatehouse remove {0}, then gatehouse add {0}", name_));
    }
    if (Result<void> changed = co_await change_settings(services, *connection); !changed)
      co_return std::unexpected(changed.error());
    SignInOptions options;
    options.browser = no_browser_ ? BrowserUse::show_link_only : BrowserUse::open;
    options.paste = Paste::from_any_input;
    options.issuer = issuer_;
    options.consent.loopback = allow_loopback_;
    Attempt attempt(services, std::move(*connection), options);
    Result<oauth_client::LoginOutcome> outcome = co_await attempt.sign_in_now();
    if (!outcome) co_return std::unexpected(outcome.error());
    Result<vault::StoredCatalog> catalog = co_await attempt.list_tools();
    if (!catalog) co_return std::unexpected(catalog.error());
    print(services, *outcome, *catalog);
    co_return Exit::done;
  }

 private:
  // What the flags say stays with the connection, as it does after `gatehouse add`.
  Task<Result<void>> change_settings(Services& services, vault::Connection& connection) const {
    vault::OAuthSettings& oauth = connection.oauth;
    for (const std::string& scope : scopes_) {
      if (std::ranges::find(oauth.scopes, scope) == oauth.scopes.end())
        oauth.scopes.push_back(scope);
    }
    if (!client_id_.empty() && client_id_ != oauth.client_id) {
      oauth.client_id = client_id_;
      oauth.client_secret = Secret();  // the old one belongs to the old client
    }
    if (!client_secret_file_.empty()) {
      if (oauth.client_id.empty())
        co_return fail(Errc::invalid_argument, "a client secret needs --client-id");
      Result<Secret> secret = read_secret({SecretSource::Kind::file, client_secret_file_});
      if (!secret) co_return std::unexpected(secret.error());
      oauth.client_secret = std::move(*secret);
    }
    if (!redirect_port_.empty()) {
      const Result<std::uint16_t> port = parse_redirect_port(redirect_port_);
      if (!port) co_return std::unexpected(port.error());
      oauth.redirect_port = *port;
    }
    const bool changed = !scopes_.empty() || !client_id_.empty() || !client_secret_file_.empty() ||
                         !redirect_port_.empty();
    if (!changed) co_return Result<void>{};
    Result<vault::Connection> updated = co_await services.store.connections().update(connection);
    if (!updated) co_return std::unexpected(updated.error());
    connection = std::move(*updated);
    co_return Result<void>{};
  }

  void print(Services& services, const oauth_client::LoginOutcome& outcome,
             const vault::StoredCatalog& catalog) const {
    if (!json_) {
      services.terminal.note(fmt::format("{} is ready: {} tools (gatehouse tools {}).", name_,
                                         catalog.tools.size(), name_));
      return;
    }
    JsonObject json;
    json.text("name", name_).text("health", "ready").text("issuer", outcome.issuer);
    json.text("resource", outcome.resource).text("scope", outcome.scope);
    json.text_if("subject", outcome.subject).time("expires_at", outcome.expires_at);
    json.flag("refreshable", outcome.refreshable);
    json.texts("missing_scopes", outcome.missing_scopes);
    json.number("tools", static_cast<std::int64_t>(catalog.tools.size()));
    services.terminal.print(json.str() + "\n");
  }

  std::string name_;
  std::string issuer_;
  std::vector<std::string> scopes_;
  std::string client_id_;
  std::string client_secret_file_;
  std::string redirect_port_;
  bool no_browser_ = false;
  bool allow_loopback_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_login_command() {
  return std::make_unique<LoginCommand>();
}

}  // namespace gatehouse::cli
