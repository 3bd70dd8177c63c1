// gatehouse login: signs in to one connection or to several in a row, and proves each by listing
// the tools.
#include <fmt/format.h>

#include "cli/accounts.hpp"
#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/login_settings.hpp"
#include "cli/providers.hpp"
#include "cli/table.hpp"
#include "oauth/scope.hpp"

namespace gatehouse::cli {
namespace {

constexpr const char* kDetails =
    R"(The browser opens where there is one. Without one, a server that offers it gives a code to type on
another device; else open the link on any machine and paste the address it ends on. Over a pipe the
address is read from standard input. Esc ends one sign-in, Ctrl-C ends them all.

Examples:
  gatehouse login notion
  gatehouse login notion github linear       one after the other
  gatehouse login --all                      those that need it
  gatehouse login notion --account work      beside the login that is there
  gatehouse login notion --device            with a code, on another device
  gatehouse login notion --scope read:pages
  gatehouse login crm --client-id gatehouse --client-secret-file secret --redirect-port 8765
  gatehouse login crm --redirect-uri https://tools.example.com/callback)";

// How the sign-in to one connection ended.
struct Row {
  std::string name;
  std::string json;  // what is printed with --json
  std::string text;  // "12 tools"
  std::optional<Error> error;
};

class LoginCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "login";
    spec.summary = "Sign in to a connection, or to several in a row";
    spec.details = kDetails;
    spec.arguments = {
        {"names", "The connections", &names_},
        {"--all", "Every connection that needs a sign-in", &all_},
        {"--account", "Sign in under this name, beside other accounts", &given_account_},
        {"--default", "Agents use this account from now on", &default_},
        {"--device", "Show a code to type on another device", &device_},
        {"--no-browser", "Show the link instead of opening a browser", &no_browser_},
        {"--qr", "Show a QR code of the link", &qr_},
        {"--issuer", "Authorization server to use, where the server names several", &issuer_},
        {"--scope", "Scope to ask for in addition; repeatable", &settings_.scopes},
        {"--client-id", "OAuth client registered beforehand, from now on", &settings_.client_id},
        {"--client-secret-file", "Read its secret from a file", &settings_.client_secret_file},
        {"--redirect-port", "Loopback port that is registered for the client",
         &settings_.redirect.port},
        {"--redirect-path", "Path that is registered with it", &settings_.redirect.path},
        {"--redirect-uri", "The whole redirect URI, where it is another one",
         &settings_.redirect.uri},
        {"--allow-loopback", "Allow what is on this machine without asking", &allow_loopback_},
    };
    add_key_arguments(spec.arguments, settings_.key);
    spec.arguments.push_back({"--json", "Print JSON", &json_});
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    account_ = given_account_.value_or("");
    if (const Result<void> sound = check_flags(); !sound) co_return std::unexpected(sound.error());
    Result<std::vector<vault::Connection>> chosen = co_await choose(services);
    if (!chosen) co_return std::unexpected(chosen.error());
    if (chosen->empty()) {
      services.terminal.note("No connection needs a sign-in.");
      if (json_) services.terminal.print("{\"logins\":[]}\n");
      co_return Exit::done;
    }
    const bool several = all_ || chosen->size() > 1;
    std::vector<Row> rows;
    for (vault::Connection& connection : *chosen) {
      Row row = interrupted_ ? not_tried(connection.name)
                             : co_await sign_in_one(services, std::move(connection));
      if (row.error && !several) co_return std::unexpected(*row.error);
      if (row.error && !json_ && !interrupted_)
        services.terminal.note(row.name + ": " + printable(describe(*row.error)));
      rows.push_back(std::move(row));
    }
    several ? print_all(services.terminal, rows) : print_one(services.terminal, rows.front());
    co_return exit_of(rows);
  }

 private:
  Result<void> check_flags() const {
    if (all_ == !names_.empty()) {
      return fail(Errc::invalid_argument,
                  all_ ? "--all and names do not go together" : "which connection?",
                  "gatehouse login NAME…, or gatehouse login --all");
    }
    if (settings_.given() && (all_ || names_.size() > 1))
      return fail(Errc::invalid_argument,
                  "scopes, clients and redirects are settings of one connection at a time");
    if (device_ && no_browser_)
      return fail(Errc::invalid_argument,
                  "--device and --no-browser exclude each other: a code or a link");
    if (default_ && account_.empty())
      return fail(Errc::invalid_argument, "--default needs --account",
                  "gatehouse accounts NAME --default ACCOUNT chooses one that is signed in");
    if (!given_account_) return {};
    return check_account_name(account_);
  }

  Task<Result<std::vector<vault::Connection>>> choose(Services& services) {
    std::vector<vault::Connection> chosen;
    for (const std::string& name : names_) {
      Result<vault::Connection> connection = co_await require_connection(services, name);
      if (!connection) co_return std::unexpected(connection.error());
      chosen.push_back(std::move(*connection));
    }
    if (!all_) co_return chosen;
    Result<std::vector<vault::Connection>> every =
        co_await services.store.connections().list(organization_of(services));
    if (!every) co_return std::unexpected(every.error());
    for (vault::Connection& connection : *every) {
      const Result<bool> needed = co_await needs_sign_in(services, connection);
      if (!needed) co_return std::unexpected(needed.error());
      if (*needed) chosen.push_back(std::move(connection));
    }
    co_return chosen;
  }

  // As far as it is known here: nobody is asked.
  Task<Result<bool>> needs_sign_in(Services& services, vault::Connection connection) const {
    if (connection.auth != vault::AuthKind::oauth || !connection.options.enabled ||
        oauth_client::is_machine(connection))
      co_return false;
    const Result<std::optional<vault::Credential>> held =
        co_await services.store.credentials().find(
            upstream::credential_key(target_of(connection, account_)));
    if (!held && held.error().code != Errc::corrupt) co_return std::unexpected(held.error());
    if (!held || !*held || (*held)->tokens.access_token.empty() || (*held)->sign_in_required)
      co_return true;
    if (!account_.empty()) co_return false;
    const Result<vault::ConnectionState> state =
        co_await services.store.connections().load_state(connection.organization, connection.id);
    if (!state) co_return std::unexpected(state.error());
    co_return state->health == vault::Health::sign_in_required;
  }

  static Row not_tried(const std::string& name) {
    return {name, {}, {}, Error{Errc::cancelled, "not tried", {}}};
  }

  SignInOptions options_for_one() {
    SignInOptions options;
    options.browser = no_browser_ ? BrowserUse::show_link_only : BrowserUse::open;
    options.paste = Paste::from_any_input;
    options.way = device_ ? SignInWay::device : SignInWay::fitting;
    options.qr = qr_ ? QrUse::shown : QrUse::fitting;
    options.account = account_;
    options.issuer = issuer_;
    options.consent.loopback = allow_loopback_;
    options.on_interrupt = [this] { interrupted_ = true; };
    return options;
  }

  Task<Row> sign_in_one(Services& services, vault::Connection connection) {
    Row row;
    row.name = connection.name;
    const Result<void> done = co_await prove(services, std::move(connection), row);
    if (!done) row.error = done.error();
    co_return row;
  }

  Task<Result<void>> prove(Services& services, vault::Connection connection, Row& row) {
    if (connection.auth == vault::AuthKind::headers) {
      co_return fail(Errc::unsupported,
                     fmt::format("{} uses a fixed key, not a sign-in", connection.name),
                     fmt::format("to change the key: gatehouse edit {}", connection.name));
    }
    Result<vault::Connection> changed =
        co_await apply_login_settings(services, settings_, std::move(connection));
    if (!changed) co_return std::unexpected(changed.error());
    if (oauth_client::is_machine(*changed)) co_return co_await obtain(services, *changed, row);
    std::optional<Attempt> attempt;
    attempt.emplace(services, std::move(*changed), options_for_one());
    Result<oauth_client::LoginOutcome> outcome = co_await attempt->sign_in_now();
    if (!outcome) co_return std::unexpected(outcome.error());
    if (attempt->connection().role == vault::Role::identity_provider)
      co_return co_await prove_provider(services, attempt->connection(), *outcome, row);
    Result<vault::Connection> settled = co_await settle_account(services, attempt->connection());
    if (!settled) co_return std::unexpected(settled.error());
    attempt.emplace(services, std::move(*settled), options_for_one());
    const Result<vault::StoredCatalog> catalog = co_await attempt->list_tools();
    if (!catalog) co_return std::unexpected(catalog.error());
    describe_login(*outcome, *catalog, row);
    co_return Result<void>{};
  }

  // Agents use the new account when that was asked for, or when nobody else is signed in.
  Task<Result<vault::Connection>> settle_account(Services& services, vault::Connection connection) {
    if (account_.empty() || account_ == connection.default_account) co_return connection;
    const Result<std::optional<vault::Credential>> held =
        co_await services.store.credentials().find(upstream::credential_key(target_of(connection)));
    if (!held && held.error().code != Errc::corrupt) co_return std::unexpected(held.error());
    const bool alone = held && (!*held || (*held)->tokens.access_token.empty());
    if (!default_ && !alone) {
      services.terminal.note(fmt::format(
          "Agents go on as account {}; to change that: gatehouse accounts {} --default {}",
          connection.default_account, connection.name, account_));
      co_return connection;
    }
    services.terminal.note(fmt::format("Agents use account {} from now on.", account_));
    co_return co_await use_account(services, std::move(connection), account_);
  }

  // Nobody signs in to such a connection: a new token is obtained at once.
  Task<Result<void>> obtain(Services& services, vault::Connection connection, Row& row) {
    Attempt attempt(services, connection, {}, SignIns::refused);
    const Result<vault::Credential> obtained = co_await obtain_token(services, connection);
    if (!obtained) co_return std::unexpected(obtained.error());
    tell_obtained(services, connection, *obtained);
    const Result<vault::StoredCatalog> catalog = co_await attempt.list_tools();
    if (!catalog) co_return std::unexpected(catalog.error());
    describe_login(
        {.key = obtained->key,
         .issuer = obtained->binding.issuer,
         .resource = obtained->binding.resource,
         .scope = obtained->tokens.scope,
         .missing_scopes = oauth::missing_scopes(obtained->requested_scope, obtained->tokens.scope),
         .subject = {},
         .expires_at = obtained->tokens.expires_at,
         .refreshable = true},
        *catalog, row);
    co_return Result<void>{};
  }

  Task<Result<void>> prove_provider(Services& services, vault::Connection connection,
                                    oauth_client::LoginOutcome outcome, Row& row) {
    const Result<vault::ConnectionState> state = co_await check_provider(services, connection);
    if (!state) co_return std::unexpected(state.error());
    if (state->health != vault::Health::ready)
      co_return fail(Errc::rejected, state->detail, state->hint);
    row.text = provider_ready(connection);
    JsonObject json;
    json.text("name", row.name).text("health", "ready").text("issuer", outcome.issuer);
    json.text("role", "identity_provider").text("scope", outcome.scope);
    json.text_if("subject", outcome.subject).time("expires_at", outcome.expires_at);
    json.flag("refreshable", outcome.refreshable);
    row.json = json.str();
    co_return Result<void>{};
  }

  void describe_login(const oauth_client::LoginOutcome& outcome,
                      const vault::StoredCatalog& catalog, Row& row) const {
    row.text = fmt::format("{0} is ready: {1} tools (gatehouse tools {0}).", row.name,
                           catalog.tools.size());
    JsonObject json;
    json.text("name", row.name).text("health", "ready").text("issuer", outcome.issuer);
    json.text("resource", outcome.resource).text("scope", outcome.scope);
    json.text_if("requested_scope", outcome.requested_scope);
    json.text_if("account", account_);
    json.text_if("subject", outcome.subject).time("expires_at", outcome.expires_at);
    json.flag("refreshable", outcome.refreshable);
    json.texts("missing_scopes", outcome.missing_scopes);
    json.number("tools", static_cast<std::int64_t>(catalog.tools.size()));
    row.json = json.str();
  }

  void print_one(Terminal& terminal, const Row& row) const {
    if (json_) {
      terminal.print(row.json + "\n");
    } else {
      terminal.note(row.text);
    }
  }

  void print_all(Terminal& terminal, const std::vector<Row>& rows) const {
    if (json_) {
      std::vector<std::string> logins;
      for (const Row& row : rows) {
        if (!row.error) {
          logins.push_back(row.json);
          continue;
        }
        JsonObject json;
        json.text("name", row.name).text("error", to_string(row.error->code));
        json.text("detail", row.error->detail).text_if("hint", row.error->hint);
        logins.push_back(json.str());
      }
      terminal.print(JsonObject().raw("logins", json_array(logins)).str() + "\n");
      return;
    }
    terminal.note("");
    for (const Row& row : rows) {
      terminal::Line line;
      line.pieces.push_back(row.error ? terminal::failed_sign(terminal.look())
                                      : terminal::done_sign(terminal.look()));
      const std::string text = row.error ? fmt::format("{}: {} (gatehouse login {})", row.name,
                                                       printable(row.error->detail), row.name)
                                         : row.text;
      terminal.say(line.add(" " + text));
    }
  }

  static Exit exit_of(const std::vector<Row>& rows) {
    Exit exit = Exit::done;
    for (const Row& row : rows) {
      if (!row.error) continue;
      if (exit_for(*row.error) != Exit::sign_in) return Exit::failed;
      exit = Exit::sign_in;
    }
    return exit;
  }

  std::vector<std::string> names_;
  std::optional<std::string> given_account_;
  std::string account_;  // empty: the one that agents use
  std::string issuer_;
  LoginSettings settings_;
  bool all_ = false;
  bool default_ = false;
  bool device_ = false;
  bool no_browser_ = false;
  bool qr_ = false;
  bool allow_loopback_ = false;
  bool json_ = false;
  bool interrupted_ = false;
};

}  // namespace

CommandPtr make_login_command() {
  return std::make_unique<LoginCommand>();
}

}  // namespace gatehouse::cli
