// gatehouse config: the servers that are in effect here, as an mcp.json with their layers and
// states; placeholders stay as they are.
#include <fmt/format.h>

#include <map>

#include "cli/connections.hpp"
#include "cli/json_out.hpp"
#include "cli/table.hpp"
#include "config/mcp_text.hpp"
#include "jsonrpc/json.hpp"
#include "vault/standing.hpp"

namespace gatehouse::cli {
namespace {

using config::EntryState;
using config::EntryStatus;

struct Row {
  std::string name;
  std::string layer;  // "store", "global", "project"
  std::string place;  // file:line
  std::string state;  // in_effect, waiting, …
  std::optional<vault::Standing> health;
  std::string entry;  // JSON; empty when broken
  std::vector<std::string> kept;
  std::vector<std::string> warnings;
  std::optional<Error> problem;
};

std::string state_text(const EntryStatus& status) {
  switch (status.state) {
    case EntryState::waiting:
      return "waits for your approval: gatehouse trust";
    case EntryState::changed:
      return "changed since you approved it: gatehouse trust";
    case EntryState::broken:
      return "cannot be used";
    case EntryState::shadowed:
      return "not used: " + status.shadowed_by + " has the name";
    case EntryState::in_effect:
      return "in effect";
  }
  return {};
}

class ConfigCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "config";
    spec.summary = "Print the servers in effect here as mcp.json, with their layers";
    spec.details =
        R"(Servers come from three places: those that were added (store), your mcp.json (global) and the
project's .gatehouse/mcp.json (project), which wins by name once approved. What is printed on
standard output is what is in effect, as JSON that can be pasted into an mcp.json; where each entry
comes from and what waits or is broken stands on standard error. Values that are kept encrypted are
left out. docs/mcp-json.md describes the format.

Examples:
  gatehouse config
  gatehouse config --json
  gatehouse config --resolve)";
    spec.arguments = {{"--resolve", "Fill in placeholders: prints secrets", &resolve_},
                      {"--json", "Print JSON: one object for each entry", &json_}};
    return spec;
  }
  Files files() const override { return Files::told; }

  Task<Result<Exit>> run(Services& services) override {
    if (resolve_) {
      services.terminal.note("Warning: what follows holds secrets in the clear.");
      services.terminal.note("Do not paste it anywhere, nor keep it in a file.");
    }
    Result<std::vector<Row>> rows = co_await collect(services);
    if (!rows) co_return std::unexpected(rows.error());
    if (json_) {
      services.terminal.print(to_json(services, *rows) + "\n");
    } else {
      services.terminal.print(to_text(*rows));
      note_rows(services.terminal, *rows);
    }
    const config::FileReport& report = services.files.report();
    for (const config::FileReport::FileNote& note : report.files) {
      services.terminal.note(printable(
          note.problem ? fmt::format("{} is not used: {}", note.file, describe(*note.problem))
                       : fmt::format("{}: {}", note.file, note.warning)));
    }
    const bool bad = report.count(EntryState::broken) > 0 ||
                     std::ranges::any_of(report.files,
                                         [](const auto& note) { return note.problem.has_value(); });
    co_return bad ? Exit::failed : Exit::done;
  }

 private:
  Task<Result<std::vector<Row>>> collect(Services& services) {
    std::vector<Row> rows;
    Result<std::vector<vault::Connection>> visible =
        co_await services.store.connections().list(organization_of(services));
    if (!visible) co_return std::unexpected(visible.error());
    std::map<std::string, vault::Standing> healths;
    for (const vault::Connection& connection : *visible) {
      Result<vault::ConnectionState> state =
          co_await services.store.connections().load_state(connection.organization, connection.id);
      if (!state) co_return std::unexpected(state.error());
      healths[connection.name] = vault::standing_of(connection, *state);
      if (!connection.origin.empty()) continue;
      Row row{connection.name, "store", {}, "in_effect", healths[connection.name], {}, {}, {}, {}};
      row.kept = config::kept_values(connection);
      const bool allow = config::allows_own_origin(connection);
      row.entry = co_await shown(services, connection, config::Words::plain, allow, row);
      rows.push_back(std::move(row));
    }
    const std::vector<EntryStatus> entries = services.files.report().entries;
    for (const EntryStatus& status : entries) {
      Row row{status.entry.name,
              std::string(config::to_string(status.layer)),
              fmt::format("{}:{}", status.file, status.entry.line),
              std::string(config::to_string(status.state)),
              {},
              {},
              {},
              status.entry.warnings,
              status.problem};
      if (status.state == EntryState::in_effect)
        if (const auto found = healths.find(status.entry.name); found != healths.end())
          row.health = found->second;
      if (status.state == EntryState::shadowed) row.warnings.push_back(state_text(status));
      if (!status.entry.problem)
        row.entry = co_await shown(services, status.entry.connection, config::Words::templates,
                                   status.entry.allow_private, row, status.state);
      rows.push_back(std::move(row));
    }
    co_return rows;
  }

  // Nothing of an entry that waits is read, whatever is asked for (design §4.8).
  Task<std::string> shown(Services& services, vault::Connection connection, config::Words words,
                          bool allow_private, Row& row, EntryState state = EntryState::in_effect) {
    std::map<std::string, std::string> filled;
    if (resolve_ && state == EntryState::in_effect) {
      for (const std::string& reference : config::references(connection, words)) {
        Result<Secret> value = co_await services.read_secret(reference);
        if (value)
          filled[reference] = std::string(value->reveal());
        else
          row.warnings.push_back(describe(value.error()));
      }
    }
    // What stands in a file in the clear is a secret all the same.
    const config::Kept kept = resolve_ && words == config::Words::templates
                                  ? config::Kept::shown
                                  : config::Kept::left_out;
    if (kept == config::Kept::left_out) row.kept = config::kept_values(connection);
    co_return config::entry_json(connection, words, kept, allow_private, filled);
  }

  static std::string to_json(Services& services, const std::vector<Row>& rows) {
    std::vector<std::string> entries;
    for (const Row& row : rows) {
      JsonObject json;
      json.text("name", row.name).text("layer", row.layer).text_if("place", row.place);
      json.text("state", row.state);
      if (row.health) json.text("health", vault::to_string(*row.health));
      if (!row.entry.empty()) json.raw("entry", row.entry);
      json.texts("left_out", row.kept).texts("warnings", row.warnings);
      if (row.problem) json.text("problem", row.problem->detail).text_if("hint", row.problem->hint);
      entries.push_back(json.str());
    }
    JsonObject all;
    all.text("global_file", services.files.report().global_file);
    all.text_if("project_file", services.files.report().project_file);
    all.raw("entries", json_array(entries));
    return all.str();
  }

  // Strict JSON of what is in effect: the editors' files take no comments.
  static std::string to_text(const std::vector<Row>& rows) {
    std::string out;
    for (const Row& row : rows) {
      if (row.state != "in_effect" || row.entry.empty()) continue;
      std::string pretty = jsonrpc::quote(row.name) + ": " + pretty_json(row.entry);
      while (pretty.ends_with("\n")) pretty.pop_back();
      out += out.empty() ? "\n    " : ",\n    ";
      for (const char c : pretty) {
        out += c;
        if (c == '\n') out += "    ";
      }
    }
    return "{\n  \"mcpServers\": {" + out + (out.empty() ? "}\n}\n" : "\n  }\n}\n");
  }

  // Where each comes from and what is the matter with it, for the person.
  static void note_rows(Terminal& terminal, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      terminal.note(printable(fmt::format("{}: {}", row.name, headline(row))));
      for (const std::string& name : row.kept)
        terminal.note(fmt::format("  {} is kept and not shown", printable(name)));
      for (const std::string& warning : row.warnings) terminal.note("  " + printable(warning));
    }
  }

  static std::string headline(const Row& row) {
    std::string text = row.layer + (row.place.empty() ? "" : " " + row.place) + ": ";
    std::string state = row.state;
    std::ranges::replace(state, '_', ' ');
    if (row.state == "waiting") state = "waits for your approval: gatehouse trust " + row.name;
    if (row.state == "changed")
      state = "changed since you approved it: gatehouse trust " + row.name;
    if (row.problem) state += ": " + describe(*row.problem);
    return text + state + (row.health ? fmt::format(", {}", vault::describe(*row.health)) : "");
  }

  bool resolve_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_config_command() {
  return std::make_unique<ConfigCommand>();
}

}  // namespace gatehouse::cli
