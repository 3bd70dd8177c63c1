// gatehouse status: asks the servers now and says how they are. Nobody is asked to sign in.
#include <fmt/format.h>

#include <map>

#include "cli/attempt.hpp"
#include "cli/changed_tools.hpp"
#include "cli/connections.hpp"
#include "cli/providers.hpp"
#include "cli/table.hpp"
#include "vault/standing.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kAtOnce = 8;  // servers asked at the same time (design: rule 6)

struct Row {
  vault::Connection connection;
  vault::ConnectionState state;
  std::size_t waiting = 0;  ///< tools whose change is not approved
};

struct Sweep {
  std::vector<vault::Connection> connections;
  std::string account;  // empty: each connection's default, whose state is stored
  std::map<std::string, vault::ConnectionState> told;  // of another account, by connection
  std::size_t next = 0;
  std::optional<Error> store_failed;
};

// Only what concerns the default account is stored.
bool is_other_account(const vault::Connection& connection, const std::string& account) {
  return !account.empty() && account != connection.default_account &&
         connection.auth == vault::AuthKind::oauth;
}

vault::ConnectionState state_of(const Result<upstream::ListOutcome>& listed,
                                const vault::Connection& connection, const std::string& account,
                                SystemTime now) {
  vault::ConnectionState state;
  state.checked_at = now;
  state.health = vault::Health::ready;
  if (!listed) {
    const bool transient = classify(listed.error()) == Disposition::retry;
    state.health = transient ? vault::Health::unreachable : vault::Health::failing;
    state.detail = listed.error().detail;
    state.hint = listed.error().hint;
  } else if (const auto* needed = std::get_if<upstream::PersonNeeded>(&*listed)) {
    state.health = vault::Health::sign_in_required;
    state.detail = needed->error.detail;
    state.hint = fmt::format("gatehouse login {} --account {}", connection.name, account);
  }
  return state;
}

Task<> check_some(Services& services, std::shared_ptr<Sweep> sweep) {
  while (sweep->next < sweep->connections.size()) {
    const vault::Connection connection = sweep->connections[sweep->next++];
    if (!connection.options.enabled) continue;
    if (connection.role == vault::Role::identity_provider) {
      const Result<vault::ConnectionState> state = co_await check_provider(services, connection);
      if (!state) sweep->store_failed = state.error();
      continue;
    }
    // The outcome is stored as the connection's state, which is what gets printed.
    Result<upstream::ListOutcome> listed = co_await services.upstreams.refresh_catalog(
        is_other_account(connection, sweep->account) ? target_of(connection, sweep->account)
                                                     : target_of(connection));
    if (is_other_account(connection, sweep->account))
      sweep->told[connection.name] =
          state_of(listed, connection, sweep->account, services.clock.now());
    if (!listed && listed.error().code == Errc::storage) sweep->store_failed = listed.error();
  }
}

class StatusCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "status";
    spec.summary = "Ask the servers and say how they are";
    spec.details =
        R"(Words: configured (never tried), sign in required, unreachable, failing, ready,
disabled (not asked). Exit code 3 when
somebody must sign in, 1 when something else is wrong.

Examples:
  gatehouse status
  gatehouse status notion --json)";
    spec.arguments = {{"names", "Connections; all when left out", &names_},
                      {"--account", "As this account, where there are several", &account_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (!account_.empty()) {
      if (const auto good = check_account_name(account_); !good)
        co_return std::unexpected(good.error());
    }
    Result<std::vector<vault::Connection>> chosen = co_await choose_connections(services, names_);
    if (!chosen) co_return std::unexpected(chosen.error());
    const auto sweep = std::make_shared<Sweep>();
    sweep->connections = *chosen;
    sweep->account = account_;
    TaskGroup tasks(services.executor, services.log);
    for (std::size_t i = 0; i < std::min(kAtOnce, chosen->size()); ++i)
      tasks.spawn("status", check_some(services, sweep));
    co_await tasks.drain();
    if (sweep->store_failed) co_return std::unexpected(*sweep->store_failed);
    std::vector<Row> rows;
    for (vault::Connection& connection : *chosen) {
      Result<vault::ConnectionState> state =
          co_await services.store.connections().load_state(connection.organization, connection.id);
      if (!state) co_return std::unexpected(state.error());
      if (const auto told = sweep->told.find(connection.name); told != sweep->told.end())
        *state = told->second;
      const Result<std::vector<vault::Pin>> waiting = co_await waiting_tools(services, connection);
      if (!waiting) co_return std::unexpected(waiting.error());
      rows.push_back({std::move(connection), std::move(*state), waiting->size()});
    }
    print(services.terminal, rows);
    co_return exit_of(rows);
  }

 private:
  void print(Terminal& terminal, const std::vector<Row>& rows) const {
    if (json_) {
      std::vector<std::string> lines;
      for (const Row& row : rows) {
        JsonObject line = connection_json(row.connection, row.state);
        line.number("changed_tools", static_cast<std::int64_t>(row.waiting));
        lines.push_back(line.str());
      }
      terminal.print(JsonObject().raw("connections", json_array(lines)).str() + "\n");
      return;
    }
    Table table({"NAME", "STATE", "WHY AND WHAT TO DO"});
    for (const Row& row : rows) {
      if (!row.connection.options.enabled) {
        table.add_row({row.connection.name, "disabled", "gatehouse enable " + row.connection.name});
        continue;
      }
      const bool ready = row.state.health == vault::Health::ready;
      std::string words = ready ? old_transport_note(row.state) : row.state.detail;
      if (!ready && !row.state.hint.empty()) words += (words.empty() ? "" : "; ") + row.state.hint;
      table.add_row({row.connection.name,
                     std::string(describe(standing_of(row.connection, row.state))), words});
    }
    if (table.empty()) {
      terminal.note("No connections yet: gatehouse add NAME URL");
    } else {
      terminal.print(table.to_text());
    }
    for (const Row& row : rows)
      if (row.waiting > 0) terminal.note(waiting_note(row.connection, row.waiting));
  }

  static std::string old_transport_note(const vault::ConnectionState& state) {
    return state.era == vault::kHttpWithSse ? "over HTTP+SSE, the transport of 2024-11-05" : "";
  }

  static Exit exit_of(const std::vector<Row>& rows) {
    Exit exit = Exit::done;
    for (const Row& row : rows) {
      if (row.state.health == vault::Health::ready || !row.connection.options.enabled) continue;
      if (row.state.health != vault::Health::sign_in_required) return Exit::failed;
      exit = Exit::sign_in;
    }
    return exit;
  }

  std::vector<std::string> names_;
  std::string account_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_status_command() {
  return std::make_unique<StatusCommand>();
}

}  // namespace gatehouse::cli
