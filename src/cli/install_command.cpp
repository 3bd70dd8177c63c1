// gatehouse install and uninstall: put Gatehouse into an agent's configuration, and take it out.
#include <fmt/format.h>

#include <filesystem>

#include "agents/installation.hpp"
#include "cli/agent_files.hpp"
#include "cli/command.hpp"
#include "cli/json_out.hpp"
#include "cli/nearest.hpp"
#include "cli/services.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

enum class Direction { install, uninstall };

struct Step {
  std::string path;
  std::string outcome;  // "added", "there already", "removed", "not there"
  std::string backup;
};

std::string agent_names() {
  std::string names;
  for (const agents::Agent& agent : agents::known_agents())
    names += (names.empty() ? "" : ", ") + std::string(agent.name);
  return names;
}

Result<const agents::Agent*> require_agent(const std::string& name) {
  if (const agents::Agent* agent = agents::find_agent(name)) return agent;
  std::vector<std::string> known;
  for (const agents::Agent& agent : agents::known_agents()) known.emplace_back(agent.name);
  const std::optional<std::string> near = find_nearest(name, known);
  return fail(Errc::invalid_argument, quote_remote(name, 60) + " is no agent that is known here",
              near ? "did you mean " + *near + "?" : "known: " + agent_names());
}

/// Installing goes to the first file of the agent; uninstalling to all of the person's own. A
/// project's file is only touched when it is named.
std::vector<std::string> files_of(const agents::Agent& agent, const agents::Folders& folders,
                                  Direction direction) {
  if (direction == Direction::install) {
    for (const AgentFile& found : find_agent_files(&agent, folders))
      if (!found.of_project) return {found.path};
    return {agents::expand(agent.files.front(), folders)};
  }
  std::vector<std::string> paths;
  for (const AgentFile& found : find_agent_files(&agent, folders))
    if (!found.of_project) paths.push_back(found.path);
  return paths;
}

Result<Step> edit(const agents::Agent& agent, const std::string& path, Direction direction,
                  const agents::Launch& launch, bool dry_run) {
  const Result<std::string> before = read_agent_file(path);
  if (!before) return std::unexpected(before.error());
  Result<std::string> after = direction == Direction::install
                                  ? agents::add_gatehouse(agent.format, *before, launch)
                                  : agents::remove_gatehouse(agent.format, *before);
  if (!after) {
    Error error = after.error();
    error.detail = path + ": " + error.detail;
    if (error.hint.empty()) error.hint = "correct the file, then try again; nothing was changed";
    return std::unexpected(error);
  }
  const bool same = *after == *before;
  Step step{path,
            direction == Direction::install ? (same ? "there already" : "added")
                                            : (same ? "not there" : "removed"),
            {}};
  if (same || dry_run) return step;
  Result<std::string> backup = replace_agent_file(path, *before, *after);
  if (!backup) return std::unexpected(backup.error());
  step.backup = std::move(*backup);
  return step;
}

class InstallCommand final : public Command {
 public:
  explicit InstallCommand(Direction direction) : direction_(direction) {}

  CommandSpec spec() override {
    const bool install = direction_ == Direction::install;
    CommandSpec spec;
    spec.name = install ? "install" : "uninstall";
    spec.summary = install ? "Put Gatehouse into an agent's configuration"
                           : "Take Gatehouse out of an agent's configuration";
    spec.details = fmt::format(
        R"(Agents: {}. {}
Nothing else in the file changes, comments stay, and the file as it was is kept beside it
(FILE.before-gatehouse, then FILE.before-gatehouse.2, …). Doing it twice changes nothing. The files of
the project you are in are left alone; --file names one.

Examples:
  gatehouse {} claude-code
  gatehouse {} codex --dry-run
  gatehouse {} vscode --file .vscode/mcp.json)",
        agent_names(),
        install ? "The agent starts `gatehouse stdio` and sees two tools."
                : "Its other servers stay as they are.",
        spec.name, spec.name, spec.name);
    spec.arguments = {{"agent", "The agent", &agent_, Argument::Presence::required},
                      {"--file", "Another file than the agent's own", &file_},
                      {"--dry-run", "Only say what would be done", &dry_run_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    const Result<const agents::Agent*> agent = require_agent(agent_);
    if (!agent) co_return std::unexpected(agent.error());
    agents::Launch launch{services.settings.program, {"stdio"}, services.settings.home_variable};
    std::vector<std::string> paths{file_};
    if (file_.empty()) {
      const Result<agents::Folders> folders = find_agent_folders(services);
      if (!folders) co_return std::unexpected(folders.error());
      paths = files_of(**agent, *folders, direction_);
    }
    std::vector<Step> steps;
    for (const std::string& path : paths) {
      Result<Step> step = co_await services.workers.run(
          [&] { return edit(**agent, path, direction_, launch, dry_run_); });
      if (!step) co_return std::unexpected(step.error());
      steps.push_back(std::move(*step));
    }
    print(services.terminal, **agent, steps);
    co_return Exit::done;
  }

 private:
  void print(Terminal& terminal, const agents::Agent& agent, const std::vector<Step>& steps) const {
    if (json_) {
      std::vector<std::string> files;
      for (const Step& step : steps)
        files.push_back(JsonObject()
                            .text("file", step.path)
                            .text("outcome", step.outcome)
                            .text_if("backup", step.backup)
                            .str());
      terminal.print(JsonObject()
                         .text("agent", agent.name)
                         .flag("dry_run", dry_run_)
                         .raw("files", json_array(files))
                         .str() +
                     "\n");
      return;
    }
    if (steps.empty())
      terminal.note(fmt::format("{} has no configuration here: nothing to do.", agent.title));
    for (const Step& step : steps) {
      const bool changes = step.outcome == "added" || step.outcome == "removed";
      terminal.note(fmt::format("{}: {}{}", printable(step.path),
                                dry_run_ && changes ? "would be " : "", step.outcome));
      if (!step.backup.empty()) terminal.note("  the file as it was: " + printable(step.backup));
    }
    if (direction_ == Direction::install && !dry_run_ && !steps.empty())
      terminal.note(
          fmt::format("Start {} anew; it then sees search_capabilities and "
                      "execute_capability.",
                      agent.title));
  }

  Direction direction_;
  std::string agent_;
  std::string file_;
  bool dry_run_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_install_command() {
  return std::make_unique<InstallCommand>(Direction::install);
}
CommandPtr make_uninstall_command() {
  return std::make_unique<InstallCommand>(Direction::uninstall);
}

}  // namespace gatehouse::cli
