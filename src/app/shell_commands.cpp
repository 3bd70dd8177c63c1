#include "app/shell_commands.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <map>

#include "agents/agent.hpp"
#include "app/config.hpp"
#include "app/paths.hpp"
#include "app/version.hpp"
#include "base/clock.hpp"
#include "cli/completion.hpp"
#include "cli/man_page.hpp"
#include "cli/presets.hpp"
#include "cli/table.hpp"
#include "config/layered_store.hpp"
#include "config/layers.hpp"
#include "jsonrpc/json.hpp"
#include "vault/peek.hpp"

namespace gatehouse::app {
namespace {

std::vector<cli::CommandSpec> all_specs(const std::vector<cli::CommandPtr>& commands) {
  std::vector<cli::CommandSpec> specs;
  for (const cli::CommandPtr& command : commands) specs.push_back(command->spec());
  return specs;
}

config::Where where(const Paths& paths) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  return {paths.servers().string(), error ? std::string() : here.string(),
          process_environment()("HOME").value_or("")};
}

std::vector<std::string> names_in_project() {
  const Result<Paths> paths = find_paths(process_environment());
  if (!paths) return {};
  const config::Where here = where(*paths);
  const auto layer = config::read_layer(config::LayerKind::project,
                                        config::find_project_file(here.directory, here.home), here);
  std::vector<std::string> names;
  if (!layer) return names;
  for (const config::FileEntry& entry : layer->document.entries)
    if (!entry.problem) names.push_back(entry.name);
  return names;
}

/// Rows of files under the names they go by here; others' rows are not offered. A project's entry
/// has a row once it was approved.
std::vector<vault::PeekedConnection> visible(const Paths& paths,
                                             std::vector<vault::PeekedConnection> rows) {
  const config::Where here = where(paths);
  std::map<std::string, config::Rank> in_files;
  for (const auto& [kind, file, rank] :
       {std::tuple(config::LayerKind::global, here.global_file, config::Rank::global),
        std::tuple(config::LayerKind::project, config::find_project_file(here.directory, here.home),
                   config::Rank::project)}) {
    const auto layer = config::read_layer(kind, file, here);
    if (!layer) continue;
    for (const config::FileEntry& entry : layer->document.entries)
      if (!entry.problem) in_files.emplace(config::stored_name(entry.name, layer->file), rank);
  }
  std::map<std::string, std::pair<config::Rank, vault::PeekedConnection>> best;
  for (vault::PeekedConnection& row : rows) {
    config::Rank rank = config::Rank::store;
    if (row.name.contains('@')) {
      const auto found = in_files.find(row.name);
      if (found == in_files.end()) continue;
      rank = found->second;
    }
    row.name = config::short_name(row.name);
    const std::string name = row.name;
    auto& there = best.try_emplace(name, rank, row).first->second;
    if (rank > there.first) there = {rank, std::move(row)};
  }
  std::vector<vault::PeekedConnection> out;
  for (auto& [name, row] : best) out.push_back(std::move(row.second));
  return out;
}

/// Nothing when the store cannot be looked at: completion has no place for errors.
std::vector<std::string> names_in_store(cli::ValueKind kind) {
  const Result<Paths> paths = find_paths(process_environment());
  if (!paths) return {};
  const Result<vault::Peeked> found = vault::peek(paths->database());
  if (!found) return {};
  if (kind == cli::ValueKind::agent_token) return found->agent_tokens;
  std::vector<std::string> names;
  for (const vault::PeekedConnection& connection : visible(*paths, found->connections)) {
    if (kind == cli::ValueKind::connection) names.push_back(connection.name);
    if (kind != cli::ValueKind::capability) continue;
    for (const std::string& tool : connection.tools) {
      const Result<jsonrpc::JsonView> view = jsonrpc::JsonView::parse(tool);
      const std::optional<std::string> name = view ? view->string("name") : std::nullopt;
      if (name) names.push_back(connection.name + "." + *name);
    }
  }
  return names;
}

std::vector<std::string> known_values(cli::ValueKind kind) {
  std::vector<std::string> names;
  if (kind == cli::ValueKind::agent) {
    for (const agents::Agent& agent : agents::known_agents()) names.emplace_back(agent.name);
    return names;
  }
  if (kind == cli::ValueKind::project_entry) return names_in_project();
  if (kind != cli::ValueKind::preset) return names_in_store(kind);
  for (const auto& preset : cli::all_presets()) names.emplace_back(preset.name);
  return names;
}

class CompleteCommand final : public cli::Command {
 public:
  cli::CommandSpec spec() override {
    cli::CommandSpec spec;
    spec.name = "complete";
    spec.summary = "Print what may be typed next";
    spec.details = "Examples:\n  gatehouse complete -- login no";
    spec.after_dashes = &words_;
    spec.listing = cli::CommandSpec::Listing::hidden;
    return spec;
  }
  std::optional<std::string> text_only() override {
    const std::vector<cli::CommandPtr> commands = cli::make_commands();
    const cli::Completions found = cli::complete(words_, all_specs(commands), known_values);
    std::string out;
    for (const cli::Completion& word : found.words) {
      // A name from elsewhere that a shell would have to be told twice is not offered.
      if (cli::printable(word.value) != word.value) continue;
      out += word.value + (word.summary.empty() ? "" : "\t" + cli::printable(word.summary)) + "\n";
    }
    return out + (found.files ? ":file\n" : "");
  }
  Task<Result<cli::Exit>> run(cli::Services&) override { co_return cli::Exit::done; }

 private:
  std::vector<std::string> words_;
};

/// The date of the sources where the build says so, else today.
cli::ManEdition edition() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::int64_t seconds = epoch ? std::atoll(epoch) : std::int64_t{std::time(nullptr)};
  const std::string time = to_rfc3339(SystemTime{std::chrono::seconds{seconds}});
  return {version(), time.substr(0, time.find('T'))};
}

class ManCommand final : public cli::Command {
 public:
  cli::CommandSpec spec() override {
    cli::CommandSpec spec;
    spec.name = "man";
    spec.summary = "Print a manual page";
    spec.details = "Examples:\n  gatehouse man --list\n  gatehouse man gatehouse-add.1 | man -l -";
    spec.arguments = {{"page", "Such as gatehouse-add.1; gatehouse.1 when left out", &page_},
                      {"--list", "List the pages", &list_}};
    spec.listing = cli::CommandSpec::Listing::hidden;
    return spec;
  }
  std::optional<std::string> text_only() override {
    const std::vector<cli::CommandPtr> commands = cli::make_commands();
    std::vector<cli::ManPage> pages = cli::make_man_pages(all_specs(commands), edition());
    pages.push_back({"gatehouse-config.5", config_man_page(edition())});
    std::string names;
    for (const cli::ManPage& page : pages) {
      if (!list_ && page.file == (page_.empty() ? "gatehouse.1" : page_)) return page.text;
      names += page.file + "\n";
    }
    if (list_) return names;
    return std::nullopt;
  }
  Task<Result<cli::Exit>> run(cli::Services&) override {
    co_return fail(Errc::invalid_argument, fmt::format("there is no page {}", quote_remote(page_)),
                   "gatehouse man --list");
  }

 private:
  std::string page_;
  bool list_ = false;
};

}  // namespace

cli::CommandPtr make_complete_command() {
  return std::make_unique<CompleteCommand>();
}
cli::CommandPtr make_man_command() {
  return std::make_unique<ManCommand>();
}

}  // namespace gatehouse::app
