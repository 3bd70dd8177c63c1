// gatehouse add: a new connection, said what it needs and why, signed in and proved. What is stored
// before the sign-in stays when that fails, so that `gatehouse login` can go on from there.
#include <fmt/format.h>

#include "cli/add_options.hpp"
#include "cli/add_plan.hpp"
#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/providers.hpp"
#include "cli/requirements.hpp"
#include "cli/table.hpp"
#include "cli/tool_view.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

using oauth_client::Discovery;

// What is known before anybody has tried: an OAuth server wants a sign-in.
Task<Result<void>> save_first_state(Services& services, const vault::Connection& connection) {
  if (connection.auth != vault::AuthKind::oauth || oauth_client::is_machine(connection))
    co_return Result<void>{};
  vault::ConnectionState state;
  state.health = vault::Health::sign_in_required;
  state.detail = "nobody is signed in";
  state.hint = "gatehouse login " + connection.name;
  co_return co_await services.store.connections().save_state(connection.organization, connection.id,
                                                             std::move(state));
}

class AddCommand final : public Command {
 public:
  CommandSpec spec() override { return add_spec(options_); }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = make_connection(options_);
    if (!connection) co_return std::unexpected(connection.error());
    const Preset* const preset = find_preset(connection->preset);
    if (preset != nullptr) services.terminal.note(explain_needs(*preset));
    connection->organization = organization_of(services);
    connection->created_at = services.clock.now();
    if (const Result<void> read = co_await read_secrets(services, options_, *connection); !read)
      co_return std::unexpected(as_usage(read.error()));
    if (const Result<void> free = co_await check_free(services, *connection); !free)
      co_return std::unexpected(free.error());
    if (preset != nullptr && !only_look()) {
      const Result<void> ready = co_await provide(services, *preset, *connection);
      if (!ready) co_return std::unexpected(ready.error());
    }
    std::optional<Discovery> discovery;
    if (connection->transport == vault::Transport::http) {
      Result<Discovery> found = co_await look(services, *connection);
      if (!found) co_return std::unexpected(found.error());
      discovery = std::move(*found);
    }
    if (options_.dry_run) {
      print_plan(services, *connection, discovery, options_.json);
      const bool stuck = discovery && discovery->problem && !may_go_on(*discovery, *connection);
      co_return stuck ? Exit::failed : Exit::done;
    }
    Result<vault::Connection> stored =
        co_await services.store.connections().create(std::move(*connection));
    if (!stored) co_return std::unexpected(stored.error());
    if (Result<void> saved = co_await save_first_state(services, *stored); !saved)
      co_return std::unexpected(saved.error());
    services.terminal.note(fmt::format("Added {}.", stored->name));
    if (const auto uri = fixed_redirect_uri(stored->oauth)) {
      services.terminal.note("Its provider must have exactly this redirect URI:");
      services.terminal.note("  " + printable(*uri));
    }
    co_return co_await connect(services, std::move(*stored), std::move(discovery));
  }

 private:
  /// Nothing is asked of the person that only a sign-in needs.
  bool only_look() const { return options_.no_login || options_.dry_run; }

  Task<Result<void>> check_free(Services& services, const vault::Connection& wanted) {
    const std::string& name = wanted.name;
    Result<std::optional<vault::Connection>> taken =
        co_await services.store.connections().find(organization_of(services), name);
    if (!taken) co_return std::unexpected(taken.error());
    if (!*taken) co_return Result<void>{};
    // Who adds the same again had a sign-in fail half-way.
    const bool same = !wanted.url.empty() && (*taken)->url == wanted.url;
    co_return fail(
        Errc::conflict, fmt::format("there is a connection {} already", name),
        same ? fmt::format(
                   "to see how it is: gatehouse status {0}; to sign in: gatehouse login {0}", name)
             : fmt::format("choose another name, or change it: gatehouse edit {}", name));
  }

  // What the server wants, with the person's consent to what must be reached for that.
  Task<Result<Discovery>> look(Services& services, vault::Connection& connection) {
    Result<Discovery> found =
        co_await find_requirements(services, connection, options_.issuer, options_.consent());
    if (!found) co_return std::unexpected(found.error());
    Discovery& discovery = *found;
    if (discovery.problem && !only_look() && !may_go_on(discovery, connection)) {
      Error problem = *discovery.problem;
      if (problem.hint.empty()) problem.hint = "--no-login adds it as it is";
      co_return std::unexpected(problem);
    }
    if (connection.auth == vault::AuthKind::headers && connection.headers.empty() && !only_look()) {
      Result<void> asked = co_await ask_header(services, connection);
      if (!asked) co_return std::unexpected(asked.error());
    }
    co_return std::move(discovery);
  }

  static Task<Result<void>> ask_header(Services& services, vault::Connection& connection) {
    const std::string hint =
        fmt::format("gatehouse add {} {} --header NAME=env:VARIABLE (or --bearer env:VARIABLE)",
                    connection.name, connection.url);
    Result<std::string> name = co_await ask(
        services.terminal, "Name of the header that carries the key", "Authorization", hint);
    if (!name) co_return std::unexpected(name.error());
    const Result<HeaderSource> source = parse_header_source(*name);
    if (!source) co_return std::unexpected(source.error());
    Result<Secret> value = co_await ask_secret(services.terminal, "Its whole value", hint);
    if (!value) co_return std::unexpected(value.error());
    Result<Secret> checked = check_secret(std::string(value->reveal()), "the value");
    if (!checked) co_return std::unexpected(checked.error());
    connection.headers.push_back({source->name, std::move(*checked), {}});
    co_return Result<void>{};
  }

  // Refused without OAuth metadata, and nobody registers us: most such servers take an API key.
  static bool may_want_key(const Services& services, const vault::Connection& connection,
                           const Error& error) {
    return connection.transport == vault::Transport::http &&
           connection.auth == vault::AuthKind::unknown && error.code == Errc::unsupported &&
           services.terminal.can_ask();
  }

  static Task<Result<vault::Connection>> store_key(Services& services,
                                                   vault::Connection connection) {
    Result<void> asked = co_await ask_header(services, connection);
    if (!asked) co_return std::unexpected(asked.error());
    connection.auth = vault::AuthKind::headers;
    co_return co_await services.store.connections().update(std::move(connection));
  }

  Task<Result<Exit>> connect(Services& services, vault::Connection connection,
                             std::optional<Discovery> discovery) {
    if (options_.no_login) {
      co_return co_await print_added(services, std::move(connection), std::move(discovery),
                                     std::nullopt);
    }
    SignInOptions sign_in;
    sign_in.issuer = options_.issuer;
    sign_in.consent = options_.consent();
    if (options_.device) sign_in.way = SignInWay::device;
    if (options_.qr) sign_in.qr = QrUse::shown;
    sign_in.browser = options_.no_browser ? BrowserUse::show_link_only : BrowserUse::open;
    std::optional<Attempt> attempt;
    attempt.emplace(services, std::move(connection), sign_in);
    if (attempt->connection().role == vault::Role::identity_provider)
      co_return co_await connect_provider(services, *attempt, std::move(discovery));
    if (oauth_client::is_machine(attempt->connection())) {
      const Result<vault::Credential> obtained =
          co_await obtain_token(services, attempt->connection());
      if (!obtained) co_return std::unexpected(with_way_on(obtained.error(), *attempt));
      tell_obtained(services, attempt->connection(), *obtained);
    }
    const bool machine = oauth_client::is_machine(attempt->connection());
    const bool wants_login =
        !machine && discovery && attempt->connection().auth == vault::AuthKind::oauth;
    if (wants_login) {
      const bool chooses = !discovery->server && discovery->issuers.size() > 1;
      const bool elsewhere = options_.device;  // a code is typed on another device
      if (!(person_present(services) || elsewhere) || (chooses && !services.terminal.can_ask())) {
        if (chooses) tell_issuers(services.terminal, *discovery);
        co_return fail(
            Errc::sign_in_required,
            fmt::format("{} is added; somebody must sign in", attempt->connection().name),
            fmt::format("gatehouse login {}", attempt->connection().name));
      }
      Result<oauth_client::LoginOutcome> outcome = co_await attempt->sign_in_now(discovery);
      if (!outcome) co_return std::unexpected(with_way_on(outcome.error(), *attempt));
    }
    Result<vault::StoredCatalog> catalog = co_await attempt->list_tools();
    if (!catalog && may_want_key(services, attempt->connection(), catalog.error())) {
      services.terminal.note(describe(catalog.error()));
      Result<vault::Connection> keyed = co_await store_key(services, attempt->connection());
      if (!keyed) co_return std::unexpected(with_way_on(keyed.error(), *attempt));
      attempt.emplace(services, std::move(*keyed), sign_in);
      catalog = co_await attempt->list_tools();
    }
    if (!catalog && attempt->connection().transport == vault::Transport::stdio) {
      // A command that does not work is typed again, not repaired.
      (void)co_await services.store.connections().erase(organization_of(services),
                                                        attempt->connection().id);
      services.terminal.note(fmt::format("{} is not added after all.", attempt->connection().name));
      co_return std::unexpected(catalog.error());
    }
    if (!catalog) co_return std::unexpected(with_way_on(catalog.error(), *attempt));
    co_return co_await print_added(services, attempt->connection(), std::move(discovery),
                                   std::move(*catalog));
  }

  // A provider has no tools: it is ready once somebody is signed in there.
  Task<Result<Exit>> connect_provider(Services& services, Attempt& attempt,
                                      std::optional<Discovery> discovery) {
    if (attempt.connection().oauth.assertion_reference.empty()) {
      if (!person_present(services) && !options_.device) {
        co_return fail(Errc::sign_in_required,
                       fmt::format("{} is added; somebody must sign in", attempt.connection().name),
                       fmt::format("gatehouse login {}", attempt.connection().name));
      }
      const auto outcome = co_await attempt.sign_in_now(discovery);
      if (!outcome) co_return std::unexpected(with_way_on(outcome.error(), attempt));
    }
    const Result<vault::ConnectionState> state =
        co_await check_provider(services, attempt.connection());
    if (!state) co_return std::unexpected(state.error());
    if (state->health != vault::Health::ready) {
      co_return fail(state->health == vault::Health::sign_in_required ? Errc::sign_in_required
                                                                      : Errc::rejected,
                     state->detail, state->hint);
    }
    if (!options_.json) services.terminal.note(provider_ready(attempt.connection()));
    co_return co_await print_added(services, attempt.connection(), std::move(discovery),
                                   std::nullopt);
  }

  static Error with_way_on(Error error, const Attempt& attempt) {
    const std::string& name = attempt.connection().name;
    if (error.hint.empty())
      error.hint = fmt::format(
          "{0} is added: gatehouse status {0}, gatehouse login {0} or gatehouse "
          "remove {0}",
          name);
    return error;
  }

  Task<Result<Exit>> print_added(Services& services, vault::Connection connection,
                                 std::optional<Discovery> discovery,
                                 std::optional<vault::StoredCatalog> catalog) {
    if (!options_.json) {
      if (catalog)
        print_tools(services.terminal, connection.name, allowed_tools(connection, *catalog));
      co_return Exit::done;
    }
    Result<vault::ConnectionState> state =
        co_await services.store.connections().load_state(connection.organization, connection.id);
    if (!state) co_return std::unexpected(state.error());
    JsonObject json = connection_json(connection, *state);
    if (discovery) {
      json.text("finding", oauth_client::to_string(discovery->finding));
      json.text("summary", discovery->summary).raw("steps", steps_json(*discovery));
    }
    if (catalog) json.raw("tools", json_array(allowed_tools(connection, *catalog).tools));
    services.terminal.print(json.str() + "\n");
    if (catalog) warn_dropped(services.terminal, *catalog);
    co_return Exit::done;
  }

  AddOptions options_;
};

}  // namespace

CommandPtr make_add_command() {
  return std::make_unique<AddCommand>();
}

}  // namespace gatehouse::cli
