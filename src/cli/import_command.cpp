// gatehouse import: takes in what gatehouse export wrote, or the servers of other agents on this
// machine, after showing it.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agents/agent.hpp"
#include "base/encoding.hpp"
#include "cli/connection_facts.hpp"
#include "cli/connections.hpp"
#include "cli/import_agents.hpp"
#include "cli/import_plan.hpp"
#include "cli/json_out.hpp"
#include "cli/passphrase_prompt.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

Result<std::string> read_file(const std::string& file) {
  std::error_code error;
  const std::filesystem::path path(file);
  if (!std::filesystem::is_regular_file(path, error))
    return fail(Errc::not_found, "there is no file " + printable(file));
  if (std::filesystem::file_size(path, error) > archive::kFileBytes)
    return fail(Errc::too_large, printable(file) + " is larger than any export");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Errc::storage, "cannot read " + printable(file));
  return std::move(text).str();
}

std::string_view kind_word(ImportKind kind) {
  switch (kind) {
    case ImportKind::add:
      return "new";
    case ImportKind::present:
      return "here already";
    case ImportKind::replace:
      return "replaces the one here";
  }
  return "new";
}

std::string_view kind_name(ImportKind kind) {
  return kind == ImportKind::add ? "add" : kind == ImportKind::present ? "present" : "replace";
}

class ImportCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "import";
    spec.summary = "Take over the servers of other agents, or what `gatehouse export` wrote";
    spec.details =
        R"(Without a file: finds the servers of Claude Code, Claude Desktop, Cursor, VS Code, Codex, OpenCode,
tomo and openab on this machine, for you and for the project you are in, and says what cannot come along.
With one: shows what is in it. Nothing is changed before you agree, nothing is started or contacted, and a
login that is here already stays. An import that was interrupted is run again. With --yes nobody looks at
what a project's files would run: they are left out, unless --include-project takes them.

Examples:
  gatehouse import --dry-run
  gatehouse import cursor --yes
  gatehouse import gatehouse.json
  gatehouse import gatehouse.json --rename notion=notion-work
  gatehouse import gatehouse.json --dry-run)";
    spec.arguments = {
        {"source",
         "A file of `gatehouse export`, or an agent such as cursor; all agents when left out",
         &file_},
        {"--rename", "NAME=NEW: the connection NAME of the file is called NEW here", &renames_},
        {"--replace", "Remove connections here that have a name of the file", &replace_},
        {"--passphrase-file", "Read the passphrase from there", &passphrase_file_},
        {"--include-project", "With --yes: files of the directory you are in as well",
         &include_project_},
        {"--dry-run", "Only show what would be done", &dry_run_},
        {"--yes", "Do not ask", &yes_},
        {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<ImportChoices> choices = parse_choices();
    if (!choices) co_return std::unexpected(choices.error());
    if (file_.empty() || agents::find_agent(file_) != nullptr) {
      if (replace_ || !passphrase_file_.empty())
        co_return fail(Errc::invalid_argument,
                       fmt::format("{} is for a file of gatehouse export",
                                   replace_ ? "--replace" : "--passphrase-file"),
                       "--rename NAME=NEW takes over a server whose name is taken here");
      AgentImport order{file_, choices->rename, include_project_, dry_run_, yes_, json_};
      co_return co_await import_from_agents(services, std::move(order));
    }
    if (include_project_)
      co_return fail(Errc::invalid_argument, "--include-project is for the files of agents",
                     "leave it out");
    Result<std::string> text = co_await services.workers.run([&] { return read_file(file_); });
    if (!text) co_return std::unexpected(text.error());
    Result<archive::Outline> outline = archive::read_outline(*text);
    if (!outline) co_return std::unexpected(outline.error());
    Result<std::vector<ImportStep>> steps =
        co_await plan_import(services, outline->connections, *choices);
    if (!steps) co_return std::unexpected(steps.error());
    if (!json_) show(services, *steps, outline->sealed);
    if (dry_run_) co_return finish(services, *steps, {});
    if (const Result<void> agreed = co_await agree(services); !agreed)
      co_return std::unexpected(agreed.error());
    archive::Contents contents;
    if (outline->sealed) {
      Result<archive::Contents> opened = co_await open(services, *text);
      if (!opened) co_return std::unexpected(opened.error());
      contents = std::move(*opened);
      // The same connections, now with their secrets.
      steps = co_await plan_import(services, std::move(contents.connections), *choices);
      if (!steps) co_return std::unexpected(steps.error());
    } else if (const Result<void> asked = co_await ask_missing(services, *steps); !asked) {
      co_return std::unexpected(asked.error());
    }
    const Result<ImportOutcome> outcome = co_await carry_out_import(
        services, *steps, std::move(contents.registrations), std::move(contents.credentials));
    if (!outcome)
      co_return fail(outcome.error().code, outcome.error().detail,
                     "run the same import again: what it has done already stays as it is");
    co_return finish(services, *steps, *outcome);
  }

 private:
  Result<ImportChoices> parse_choices() const {
    ImportChoices choices{.replace = replace_};
    for (const std::string& word : renames_) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
        return fail(Errc::invalid_argument, "--rename is NAME=NEW");
      choices.rename[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return choices;
  }

  static void show(Services& services, const std::vector<ImportStep>& steps, bool sealed) {
    Table table({"NAME", "", "ADDRESS"});
    for (const ImportStep& step : steps)
      table.add_row(
          {step.connection.name, std::string(kind_word(step.kind)), address_of(step.connection)});
    services.terminal.note(table.to_text());
    for (const ImportStep& step : steps) {
      if (step.kind == ImportKind::present) continue;
      services.terminal.note(step.connection.name);
      for (const auto& [label, value] : facts_of(step.connection))
        services.terminal.note(fmt::format("  {:<18}{}", label, printable(value)));
      for (const http::Allowance& allowance : step.connection.allowances)
        services.terminal.note(fmt::format("{} may reach {}, which is not on the open internet.",
                                           step.connection.name, printable(allowance.origin)));
    }
    if (sealed) services.terminal.note("Secrets and logins come along, under a passphrase.");
  }

  Task<Result<void>> agree(Services& services) const {
    if (yes_) co_return Result<void>{};
    const Result<Answer> agreed =
        co_await confirm(services.terminal, "Import these? Their commands run when they are used.",
                         Answer::no, "say so with --yes");
    if (!agreed) co_return std::unexpected(agreed.error());
    if (*agreed == Answer::no) co_return fail(Errc::cancelled, "nothing was imported");
    co_return Result<void>{};
  }

  Task<Result<archive::Contents>> open(Services& services, const std::string& text) const {
    for (int attempt = 0;; ++attempt) {
      Result<Secret> passphrase = co_await get_passphrase(services, passphrase_file_, Typed::once);
      if (!passphrase) co_return std::unexpected(passphrase.error());
      Result<archive::Contents> opened =
          co_await services.workers.run([&] { return archive::read_archive(text, *passphrase); });
      const bool again =
          !opened && opened.error().code == Errc::policy && passphrase_file_.empty() && attempt < 2;
      if (!again) co_return opened;
      services.terminal.note("The passphrase is wrong, or the file was changed.");
    }
  }

  // What an export without --logins left out; where nobody can be asked, the value is left out here
  // as well, and the way to it is told.
  static Task<Result<void>> ask_missing(Services& services, std::vector<ImportStep>& steps) {
    for (ImportStep& step : steps) {
      if (step.kind == ImportKind::present) continue;
      for (std::vector<vault::NamedSecret>* among :
           {&step.connection.headers, &step.connection.environment}) {
        for (vault::NamedSecret& one : *among) {
          if (!one.reference.empty()) continue;
          const std::string what =
              fmt::format("{} of {}", printable(one.name), step.connection.name);
          if (!services.terminal.can_ask()) {
            services.terminal.note(what + " is not in the file: gatehouse edit " +
                                   step.connection.name);
            continue;
          }
          Result<Secret> value = co_await ask_secret(services.terminal, what, "");
          if (!value) co_return std::unexpected(value.error());
          one.value = std::move(*value);
        }
        std::erase_if(*among, [](const vault::NamedSecret& one) {
          return one.value.empty() && one.reference.empty();
        });
      }
    }
    co_return Result<void>{};
  }

  Result<Exit> finish(Services& services, const std::vector<ImportStep>& steps,
                      const ImportOutcome& outcome) const {
    if (json_) {
      std::vector<std::string> rows;
      for (const ImportStep& step : steps) {
        JsonObject row;
        row.text("name", step.connection.name)
            .text("action", kind_name(step.kind))
            .text("address", address_of(step.connection));
        add_facts(row, step.connection);
        rows.push_back(row.str());
      }
      services.terminal.print(
          JsonObject()
              .flag("dry_run", dry_run_)
              .raw("connections", json_array(rows))
              .number("logins", static_cast<std::int64_t>(outcome.logins))
              .number("kept_logins", static_cast<std::int64_t>(outcome.kept_logins))
              .str() +
          "\n");
    } else if (!dry_run_) {
      std::size_t added = 0;
      for (const ImportStep& step : steps) added += step.kind == ImportKind::present ? 0 : 1;
      services.terminal.note(
          fmt::format("Imported {} connections and {} logins.", added, outcome.logins));
      if (outcome.kept_logins > 0)
        services.terminal.note(
            fmt::format("{} logins are here already and stayed.", outcome.kept_logins));
    }
    return Exit::done;
  }

  std::string file_;
  std::string passphrase_file_;
  std::vector<std::string> renames_;
  bool replace_ = false;
  bool include_project_ = false;
  bool dry_run_ = false;
  bool yes_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_import_command() {
  return std::make_unique<ImportCommand>();
}

}  // namespace gatehouse::cli
