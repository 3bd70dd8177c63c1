#include "cli/import_agents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "agents/translation.hpp"
#include "cli/agent_files.hpp"
#include "cli/connection_facts.hpp"
#include "cli/connections.hpp"
#include "cli/import_plan.hpp"
#include "cli/json_out.hpp"
#include "cli/table.hpp"
#include "config/mcp_json.hpp"
#include "config/mcp_text.hpp"
#include "config/placeholder.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

enum class Fate {
  comes,
  here_already,  ///< a connection with the same address
  taken,         ///< the name belongs to another connection
  impossible,
  left_out,  ///< of the project, and nobody is asked
};

struct Candidate {
  AgentFile from;
  std::string written;  ///< its name there
  vault::Connection connection;
  Fate fate = Fate::comes;
  std::string reason;    ///< why it does not come
  bool renamed = false;  ///< by --rename, so that it comes beside one with its address
  std::vector<std::string> warnings;
};

struct Findings {
  std::vector<AgentFile> files;
  std::vector<Candidate> candidates;
  std::vector<std::string> problems;  ///< of whole files, and what gets lost
};

std::string_view word_of(Fate fate) {
  switch (fate) {
    case Fate::comes:
      return "new";
    case Fate::here_already:
      return "here already";
    case Fate::taken:
      return "name taken";
    case Fate::impossible:
      return "cannot come";
    case Fate::left_out:
      return "left out";
  }
  return {};
}

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::comes:
      return "add";
    case Fate::here_already:
      return "present";
    case Fate::taken:
      return "name_taken";
    case Fate::impossible:
      return "impossible";
    case Fate::left_out:
      return "left_out";
  }
  return {};
}

/// The characters of a text without placeholders. What a connection's address says here is fixed.
Result<std::string> fixed_text(const std::string& text, std::string_view what) {
  const Result<config::Template> parsed = config::parse_template(text);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->is_literal()) return parsed->literal();
  return fail(Errc::unsupported, fmt::format("its {} has a placeholder", what),
              "put the entry into mcp.json, where placeholders work: gatehouse config --help");
}

/// Other agents have no such placeholders: whoever wrote them meant this program, where
/// mcp.json is the place for them, and asks.
Result<void> refuse_own_placeholders(const vault::Connection& connection) {
  for (const std::string& text : config::references(connection, config::Words::templates)) {
    const Result<config::Template> parsed = config::parse_template(text);
    if (!parsed) return std::unexpected(parsed.error());
    for (const config::Piece& piece : parsed->pieces) {
      if (piece.source != config::Source::command && piece.source != config::Source::keyring)
        continue;
      return fail(Errc::unsupported,
                  fmt::format("it has {}, which no other agent knows", config::describe(piece)),
                  "gatehouse add can take such a reference, or put the entry into mcp.json");
    }
  }
  return {};
}

Result<void> fix_address(config::FileEntry& entry) {
  vault::Connection& connection = entry.connection;
  if (Result<void> known = refuse_own_placeholders(connection); !known) return known;
  for (std::string& word : connection.command) {
    Result<std::string> fixed = fixed_text(word, "command");
    if (!fixed) return std::unexpected(fixed.error());
    word = std::move(*fixed);
  }
  Result<std::string> directory = fixed_text(connection.directory, "directory");
  if (!directory) return std::unexpected(directory.error());
  connection.directory = std::move(*directory);
  if (connection.transport != vault::Transport::http) return {};
  Result<std::string> url = fixed_text(connection.url, "URL");
  if (!url) return std::unexpected(url.error());
  connection.url = std::move(*url);
  const Result<http::Url> parsed = http::Url::parse(connection.url);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->names_loopback() || entry.allow_private)
    connection.allowances.push_back({parsed->origin(), http::Purpose::connection});
  return {};
}

Candidate make_candidate(const AgentFile& from, config::FileEntry entry) {
  Candidate candidate{.from = from, .written = entry.written, .warnings = entry.warnings};
  Error problem = entry.problem.value_or(Error{});
  if (!entry.problem) {
    if (const Result<void> fixed = fix_address(entry); !fixed) problem = fixed.error();
  }
  candidate.connection = std::move(entry.connection);
  candidate.connection.name = entry.name;
  candidate.connection.organization = local_organization();
  if (!problem.detail.empty()) {
    candidate.fate = Fate::impossible;
    candidate.reason = describe(problem);
  } else if (agents::is_gatehouse(candidate.connection.command)) {
    candidate.fate = Fate::impossible;
    candidate.reason = "it is Gatehouse itself";
  }
  return candidate;
}

/// Blocks.
Findings look(const agents::Agent* only, const agents::Folders& folders) {
  Findings findings;
  findings.files = find_agent_files(only, folders);
  for (const AgentFile& file : findings.files) {
    const auto complain = [&](const Error& error) {
      findings.problems.push_back(fmt::format("{}: {}", printable(file.path), describe(error)));
    };
    const Result<std::string> text = read_agent_file(file.path);
    if (!text) {
      complain(text.error());
      continue;
    }
    const Result<agents::Translation> translated = agents::translate(file.agent->format, *text);
    if (!translated) {
      complain(translated.error());
      continue;
    }
    // A project's servers run in the project; those of the person in the home directory.
    const std::string& folder = file.of_project ? folders.directory : folders.home;
    Result<config::Document> document =
        config::parse_mcp_json(translated->json, {.workspace = folder, .home = folders.home});
    if (!document) {
      complain(document.error());
      continue;
    }
    for (const std::string& loss : translated->losses)
      findings.problems.push_back(fmt::format("{}: {}", printable(file.path), loss));
    for (config::FileEntry& entry : document->entries)
      findings.candidates.push_back(make_candidate(file, std::move(entry)));
  }
  return findings;
}

/// Nobody looks at what a repository brings along.
void leave_out_project(std::vector<Candidate>& candidates) {
  for (Candidate& candidate : candidates) {
    if (candidate.fate != Fate::comes || !candidate.from.of_project) continue;
    candidate.fate = Fate::left_out;
    candidate.reason =
        "a project's file: answer the question at a terminal, or name it: --include-project";
  }
}

bool same_address(const vault::Connection& a, const vault::Connection& b) {
  return a.transport == b.transport && a.url == b.url && a.command == b.command;
}

bool same_secrets(const vault::Connection& a, const vault::Connection& b) {
  const auto texts_of = [](const vault::Connection& connection) {
    std::multiset<std::string> texts;
    for (const auto* all : {&connection.headers, &connection.environment})
      for (const vault::NamedSecret& one : *all)
        texts.insert(fmt::format("{}\n{}\n{}", one.name, one.reference, one.value.reveal()));
    return texts;
  };
  return texts_of(a) == texts_of(b);
}

std::string describe_twin(const vault::Connection& twin, const Candidate& candidate) {
  const vault::Connection& wanted = candidate.connection;
  std::string words = twin.name == wanted.name ? "" : "as " + twin.name;
  if (same_secrets(twin, wanted)) return words;
  return fmt::format("{}{}with other headers or variables; --rename {}=NEW takes this one as well",
                     words, words.empty() ? "" : ", ", candidate.written);
}

/// Gives new names, each to the first server that is called so. Errors: invalid_argument.
Result<void> rename_some(Findings& findings, const std::map<std::string, std::string>& rename) {
  for (const auto& [from, to] : rename) {
    Candidate* first = nullptr;
    bool known = false;
    for (Candidate& candidate : findings.candidates) {
      if (candidate.written != from) continue;
      known = true;
      if (candidate.fate != Fate::comes) continue;
      if (first == nullptr) {
        first = &candidate;
        candidate.connection.name = to;
        candidate.renamed = true;
      } else {
        findings.problems.push_back(fmt::format(
            "{} in {} is not the one that --rename names: that is in {}. Name the agent to mean "
            "this one: gatehouse import {} --rename {}=NEW",
            from, candidate.from.path, first->from.path, candidate.from.agent->name, from));
      }
    }
    if (!known)
      return fail(Errc::invalid_argument,
                  fmt::format("no server {} was found to rename", quote_remote(from, 60)),
                  "gatehouse import --dry-run shows those that are there");
  }
  return {};
}

/// What is here, and what came before from another agent, decides.
void judge(std::vector<Candidate>& candidates, std::vector<vault::Connection> here) {
  for (Candidate& candidate : candidates) {
    if (candidate.fate != Fate::comes) continue;
    vault::Connection& wanted = candidate.connection;
    if (const Result<void> fine = check_connection_name(wanted.name); !fine) {
      candidate.fate = Fate::impossible;
      candidate.reason = describe(fine.error());
      continue;
    }
    const auto twin = std::ranges::find_if(
        here, [&](const vault::Connection& one) { return same_address(one, wanted); });
    const auto namesake = std::ranges::find(here, wanted.name, &vault::Connection::name);
    if (twin != here.end() && !candidate.renamed) {
      candidate.fate = Fate::here_already;
      candidate.reason = describe_twin(*twin, candidate);
    } else if (namesake != here.end()) {
      candidate.fate = Fate::taken;
      candidate.reason = fmt::format("take it with --rename {}=NEW", candidate.written);
    } else {
      here.push_back(wanted);
    }
  }
}

void show(Services& services, const Findings& findings) {
  Table table({"NAME", "", "FROM", "ADDRESS OR REASON"});
  for (const Candidate& candidate : findings.candidates) {
    const std::string words =
        candidate.fate == Fate::comes ? address_of(candidate.connection) : candidate.reason;
    table.add_row(
        {candidate.connection.name.empty() ? candidate.written : candidate.connection.name,
         std::string(word_of(candidate.fate)), std::string(candidate.from.agent->title), words});
  }
  if (!table.empty()) services.terminal.note(table.to_text());
  for (const Candidate& candidate : findings.candidates) {
    if (candidate.fate != Fate::comes) continue;
    services.terminal.note(candidate.connection.name);
    services.terminal.note(fmt::format("  {:<18}{}", "from", printable(candidate.from.path)));
    for (const auto& [label, value] : facts_of(candidate.connection))
      services.terminal.note(fmt::format("  {:<18}{}", label, printable(value)));
    for (const std::string& warning : candidate.warnings)
      services.terminal.note(fmt::format("  note: {}.", printable(warning)));
    for (const http::Allowance& allowance : candidate.connection.allowances)
      services.terminal.note(fmt::format("{} may reach {}, which is not on the open internet.",
                                         candidate.connection.name, printable(allowance.origin)));
  }
  for (const std::string& problem : findings.problems) services.terminal.note(printable(problem));
}

Task<Result<void>> agree(Services& services, std::size_t count, bool yes) {
  if (yes) co_return Result<void>{};
  const Result<Answer> agreed = co_await confirm(
      services.terminal,
      fmt::format("Take over {} connections? Their commands run when they are used.", count),
      Answer::no, "say so with --yes");
  if (!agreed) co_return std::unexpected(agreed.error());
  if (*agreed == Answer::no) co_return fail(Errc::cancelled, "nothing was imported");
  co_return Result<void>{};
}

std::string to_json(const Findings& findings, bool dry_run) {
  std::vector<std::string> rows;
  for (const Candidate& candidate : findings.candidates) {
    JsonObject row;
    row.text("name", candidate.connection.name)
        .text("agent", candidate.from.agent->name)
        .text("file", candidate.from.path)
        .text("action", name_of(candidate.fate))
        .text_if("reason", candidate.reason)
        .texts("warnings", candidate.warnings)
        .text("address", address_of(candidate.connection));
    add_facts(row, candidate.connection);
    rows.push_back(row.str());
  }
  return JsonObject()
             .flag("dry_run", dry_run)
             .raw("connections", json_array(rows))
             .texts("problems", findings.problems)
             .str() +
         "\n";
}

}  // namespace

Task<Result<Exit>> import_from_agents(Services& services, AgentImport order) {
  const Result<agents::Folders> folders = find_agent_folders(services);
  if (!folders) co_return std::unexpected(folders.error());
  const agents::Agent* only = order.agent.empty() ? nullptr : agents::find_agent(order.agent);
  Findings findings = co_await services.workers.run([&] { return look(only, *folders); });
  if (order.yes && !order.include_project) leave_out_project(findings.candidates);
  if (const Result<void> renamed = rename_some(findings, order.rename); !renamed)
    co_return std::unexpected(renamed.error());
  Result<std::vector<vault::Connection>> here =
      co_await services.store.connections().list(organization_of(services));
  if (!here) co_return std::unexpected(here.error());
  judge(findings.candidates, std::move(*here));
  if (!order.json) show(services, findings);
  std::vector<vault::Connection> coming;
  for (const Candidate& candidate : findings.candidates)
    if (candidate.fate == Fate::comes) coming.push_back(candidate.connection);
  if (coming.empty() && !order.json)
    services.terminal.note(findings.files.empty() ? "No agent's configuration was found."
                                                  : "There is nothing to take over.");
  if (!coming.empty() && !order.dry_run) {
    if (const Result<void> agreed = co_await agree(services, coming.size(), order.yes); !agreed)
      co_return std::unexpected(agreed.error());
    Result<std::vector<ImportStep>> steps = co_await plan_import(services, coming, {});
    if (!steps) co_return std::unexpected(steps.error());
    const Result<ImportOutcome> outcome =
        co_await carry_out_import(services, std::move(*steps), {}, {});
    if (!outcome) co_return std::unexpected(outcome.error());
    if (!order.json)
      services.terminal.note(fmt::format(
          "Took over {} connections; `gatehouse status` asks them, `gatehouse login --all` signs "
          "in. "
          "The agents' own entries stay: gatehouse install AGENT puts Gatehouse beside them.",
          coming.size()));
  }
  if (order.json) services.terminal.print(to_json(findings, order.dry_run));
  co_return Exit::done;
}

}  // namespace gatehouse::cli
