// gatehouse keys status and keys rotate: where the master key is, what is sealed under which key,
// and a new key in the place of the old one while everything goes on working (decision 0008).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "cli/connections.hpp"
#include "cli/json_out.hpp"
#include "cli/services.hpp"
#include "cli/table.hpp"
#include "vault/rotate_keys.hpp"

namespace gatehouse::cli {
namespace {

std::string_view state_word(vault::KeyState state) {
  switch (state) {
    case vault::KeyState::current:
      return "current";
    case vault::KeyState::older:
      return "being replaced";
    case vault::KeyState::retired:
      return "retired";
  }
  return "retired";
}

std::string_view state_name(vault::KeyState state) {
  return state == vault::KeyState::older ? "older" : state_word(state);
}

std::string key_name(const std::string& id) {
  return id.empty() ? "none" : hex_encode(id);
}

bool is_unfinished(const vault::KeyInventory& found) {
  return std::ranges::any_of(
      found.keys, [](const vault::KeyRecord& k) { return k.state == vault::KeyState::older; });
}

/// Of a row that cannot be read.
std::string way_out(const vault::UnreadableRow& row) {
  if (row.table == "credentials" || row.table == "authorizations")
    return fmt::format("gatehouse login {}", row.name);
  if (row.table == "connections") return fmt::format("gatehouse edit {}", row.name);
  return "signing in again registers anew";
}

class KeysStatusCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "keys status";
    spec.summary = "Show where the key of the store is kept and what is encrypted under it";
    spec.details = R"(Keys are shown by their id, which tells nothing about the key.

Examples:
  gatehouse keys status
  gatehouse keys status --json)";
    spec.arguments = {{"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    const Result<vault::KeyInventory> found = co_await services.store.keys().inventory();
    if (!found) co_return std::unexpected(found.error());
    services.terminal.print(json_ ? to_json(services, *found) : to_text(services, *found));
    if (!json_) tell_problems(services, *found);
    co_return found->unreadable.empty() ? Exit::done : Exit::failed;
  }

 private:
  static std::string to_json(Services& services, const vault::KeyInventory& found) {
    std::vector<std::string> keys, rows, unreadable;
    for (const vault::KeyRecord& key : found.keys)
      keys.push_back(JsonObject()
                         .text("id", key_name(key.id))
                         .text("state", state_name(key.state))
                         .time("since", key.since)
                         .flag("held", key.held)
                         .str());
    for (const vault::SealedRows& counted : found.rows)
      rows.push_back(JsonObject()
                         .text("table", counted.table)
                         .text("key", key_name(counted.key_id))
                         .number("rows", counted.rows)
                         .number("unreadable", counted.unreadable)
                         .str());
    for (const vault::UnreadableRow& row : found.unreadable)
      unreadable.push_back(JsonObject()
                               .text("table", row.table)
                               .text("name", row.name)
                               .text("reason", row.reason)
                               .text("fix", way_out(row))
                               .str());
    vault::KeySource& source = services.key_sources.active();
    return JsonObject()
               .text("source", vault::to_string(source.place()))
               .text("where", source.describe())
               .text("key", key_name(services.keys.current_id()))
               .flag("rotation_unfinished", is_unfinished(found))
               .raw("keys", json_array(keys))
               .raw("rows", json_array(rows))
               .raw("unreadable", json_array(unreadable))
               .str() +
           "\n";
  }

  static std::string to_text(Services& services, const vault::KeyInventory& found) {
    const SystemTime now = services.clock.now();
    std::string out = cli::to_text({{"kept in", services.key_sources.active().describe()},
                                    {"key", key_name(services.keys.current_id())}});
    Table keys({"KEY", "STATE", "SINCE"});
    for (const vault::KeyRecord& key : found.keys)
      keys.add_row({key_name(key.id), std::string(state_word(key.state)), ago(key.since, now)});
    if (!keys.empty()) out += "\n" + keys.to_text();
    Table rows({"ENCRYPTED", "KEY", "ROWS", "UNREADABLE"});
    for (const vault::SealedRows& counted : found.rows) {
      if (counted.table == "master_keys") continue;
      rows.add_row({counted.table, key_name(counted.key_id), std::to_string(counted.rows),
                    counted.unreadable == 0 ? "" : std::to_string(counted.unreadable)});
    }
    if (!rows.empty()) out += "\n" + rows.to_text();
    if (found.unreadable.empty()) return out;
    Table lost({"CANNOT BE READ", "OF", "WHY", "WAY OUT"});
    for (const vault::UnreadableRow& row : found.unreadable)
      lost.add_row({row.table, row.name, row.reason, way_out(row)});
    return out + "\n" + lost.to_text();
  }

  static void tell_problems(Services& services, const vault::KeyInventory& found) {
    if (is_unfinished(found))
      services.terminal.note(
          "A rotation was begun and has not ended; `gatehouse keys rotate` brings it to its end.");
    const bool elsewhere = std::ranges::any_of(found.keys, [](const vault::KeyRecord& key) {
      return key.state == vault::KeyState::current && !key.held;
    });
    if (elsewhere)
      services.terminal.note(
          "The key that this store was last used with is not here. Put it back where it was, or "
          "sign in again.");
  }

  bool json_ = false;
};

Result<std::optional<vault::KeyPlace>> parse_place(const std::string& word) {
  using enum vault::KeyPlace;
  if (word.empty()) return std::nullopt;
  for (const vault::KeyPlace place : {file, keyring, environment, command}) {
    if (word == vault::to_string(place)) return place;
  }
  return fail(
      Errc::invalid_argument,
      fmt::format("--to is file, keyring, environment or command, not {}", quote_remote(word, 40)));
}

class KeysRotateCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "keys rotate";
    spec.summary = "Encrypt the store under a new key, while everything goes on working";
    spec.details =
        R"(A running `gatehouse serve` and agents notice nothing. It may be interrupted at any point:
running it again takes up where it stopped. A copy of the store made before needs the old key.

--to moves the key: to the file beside the store, to the desktop's keyring, to the variable
GATEHOUSE_KEY or to the program key.command. The last two must give the new key themselves, in
front of the old one and separated by a blank.

Examples:
  gatehouse keys rotate
  gatehouse keys rotate --to keyring)";
    spec.arguments = {
        {"--to", "Where the new key is kept: file, keyring, environment, command", &to_},
        {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    const Result<std::optional<vault::KeyPlace>> place = parse_place(to_);
    if (!place) co_return std::unexpected(place.error());
    vault::RotationParts parts{services.store.keys(), services.key_sources, services.keys,
                               services.workers, nullptr};
    Terminal& terminal = services.terminal;
    parts.on_progress = [&terminal](std::int64_t resealed) {
      terminal.show_progress(fmt::format("Encrypting under the new key: {} rows", resealed));
    };
    const Result<vault::RotationReport> report =
        co_await vault::rotate_keys(std::move(parts), *place);
    if (!report) co_return std::unexpected(report.error());
    const Result<vault::KeyInventory> found = co_await services.store.keys().inventory();
    if (!found) co_return std::unexpected(found.error());
    if (json_) {
      services.terminal.print(
          JsonObject()
              .text("key", key_name(report->key_id))
              .text("source", vault::to_string(report->place))
              .number("rows", report->resealed)
              .flag("resumed", report->resumed)
              .number("unreadable", static_cast<std::int64_t>(found->unreadable.size()))
              .str() +
          "\n");
    } else {
      tell(services, *report, *found);
    }
    co_return Exit::done;
  }

 private:
  static void tell(Services& services, const vault::RotationReport& report,
                   const vault::KeyInventory& found) {
    Terminal& terminal = services.terminal;
    terminal.note(fmt::format("{} The store's key is now {}, kept in {}; {} {} encrypted under it.",
                              report.resumed ? "The rotation that was begun is done." : "Done.",
                              key_name(report.key_id), services.key_sources.active().describe(),
                              report.resealed, report.resealed == 1 ? "row was" : "rows were"));
    if (report.place == vault::KeyPlace::environment || report.place == vault::KeyPlace::command)
      terminal.note("The old key may go from " + services.key_sources.active().describe() + ".");
    if (!found.unreadable.empty())
      terminal.note(fmt::format("{} could not be read and stay as they were: gatehouse keys status",
                                found.unreadable.size()));
  }

  std::string to_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_keys_status_command() {
  return std::make_unique<KeysStatusCommand>();
}
CommandPtr make_keys_rotate_command() {
  return std::make_unique<KeysRotateCommand>();
}

}  // namespace gatehouse::cli
