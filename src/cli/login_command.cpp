// gatehouse login: signs in, and proves it by listing the tools.
#include <fmt/format.h>

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
  gatehouse login notion --scope read:pages)";
    spec.arguments = {
        {"name", "The connection", &name_, Argument::Presence::required},
        {"--no-browser", "Show the link instead of opening a browser", &no_browser_},
        {"--issuer", "Authorization server to use, where the server names several", &issuer_},
        {"--scope", "Scope to ask for in addition; repeatable", &scopes_},
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
    for (const std::string& scope : scopes_) {
      if (std::ranges::find(connection->oauth.scopes, scope) == connection->oauth.scopes.end())
        connection->oauth.scopes.push_back(scope);
    }
    if (!scopes_.empty()) {
      Result<vault::Connection> updated =
          co_await services.store.connections().update(std::move(*connection));
      if (!updated) co_return std::unexpected(updated.error());
      connection = std::move(*updated);
    }
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
  bool no_browser_ = false;
  bool allow_loopback_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_login_command() {
  return std::make_unique<LoginCommand>();
}

}  // namespace gatehouse::cli
