// gatehouse trust: what a project's mcp.json wants to run, contact and send, shown in full, and the
// person's word on it (design §4.8). Until then nothing of it takes effect.
#include <fmt/format.h>

#include <algorithm>

#include "cli/connections.hpp"
#include "cli/json_out.hpp"
#include "cli/table.hpp"
#include "config/mcp_text.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::cli {
namespace {

using config::EntryState;
using config::EntryStatus;
using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kDetails =
    R"(A project's file, .gatehouse/mcp.json, can name programs to start and servers to contact. Nothing
of an entry happens before you have approved it; a change of its command, arguments, environment,
directory, URL, headers, sign-in settings, roots or tool filter asks again. Where nobody can be
asked, --digest says which wording is meant (gatehouse trust --json tells it).

Examples:
  gatehouse trust
  gatehouse trust tracker
  gatehouse trust tracker --digest 3b0c…
  gatehouse trust --all
  gatehouse trust tracker --revoke
  gatehouse trust --revoke --all)";

bool waits(const EntryStatus& status) {
  return status.state == EntryState::waiting || status.state == EntryState::changed;
}

void add_secrets(Facts& facts, std::string_view label, const std::vector<vault::NamedSecret>& all) {
  for (const vault::NamedSecret& one : all) {
    std::string value = one.reference;
    // A screen is looked over; who wants to see it has the file.
    if (value.empty())
      value = config::ends_in_secret_word(one.name) ? std::string(config::kAsInFile)
                                                    : std::string(one.value.reveal());
    facts.emplace_back(label, fmt::format("{}={}", one.name, value));
  }
}

void add_sign_in(Facts& facts, const vault::Connection& connection) {
  const vault::OAuthSettings& oauth = connection.oauth;
  const auto secret = [](const Secret& value, const std::string& reference) {
    return value.empty() ? reference : std::string(config::kAsInFile);
  };
  if (connection.auth == vault::AuthKind::oauth) facts.emplace_back("signs in", "with OAuth");
  facts.emplace_back("signs in at", oauth.issuer);
  if (oauth.grant != vault::Grant::authorization_code)
    facts.emplace_back("by grant", vault::name_in(vault::kGrantNames, oauth.grant));
  facts.emplace_back("as client", oauth.client_id);
  facts.emplace_back("with secret", secret(oauth.client_secret, oauth.client_secret_reference));
  facts.emplace_back("with key", secret(oauth.private_key, oauth.private_key_reference));
  facts.emplace_back("with key id", oauth.key_id);
  facts.emplace_back("signed as", oauth.signing_algorithm);
  facts.emplace_back("proves itself by", oauth.auth_method);
  facts.emplace_back("with assertion", oauth.assertion_reference);
  facts.emplace_back("asks for scope", fmt::format("{}", fmt::join(oauth.scopes, " ")));
  facts.emplace_back("back to", oauth.redirect_uri);
  if (oauth.redirect_port != 0)
    facts.emplace_back("back to port", std::to_string(oauth.redirect_port));
  if (oauth.redirect_path != vault::OAuthSettings().redirect_path)
    facts.emplace_back("back to path", oauth.redirect_path);
  facts.emplace_back("identity provider", oauth.identity_provider);
  if (oauth.dpop != vault::Dpop::automatic)
    facts.emplace_back("DPoP", vault::name_in(vault::kDpopNames, oauth.dpop));
}

/// What is approved, to the last word: all that config/entry_digest.cpp covers.
Facts facts_of(const EntryStatus& status) {
  const vault::Connection& connection = status.entry.connection;
  Facts facts;
  facts.emplace_back("from", fmt::format("{}:{}", status.file, status.entry.line));
  if (connection.transport == vault::Transport::http) {
    facts.emplace_back("contacts", connection.url);
    if (status.entry.allow_private) facts.emplace_back("", "also in a private network");
  } else {
    facts.emplace_back("runs", address_of(connection));
    facts.emplace_back("in",
                       connection.directory.empty() ? "your home directory" : connection.directory);
  }
  add_secrets(facts, "with variable", connection.environment);
  add_secrets(facts, "sends header", connection.headers);
  add_sign_in(facts, connection);
  const vault::ToolFilter& tools = connection.options.tools;
  for (const std::string& glob : tools.include) facts.emplace_back("tools only", glob);
  for (const std::string& glob : tools.exclude) facts.emplace_back("tools without", glob);
  for (const std::string& root : connection.options.roots) facts.emplace_back("tells root", root);
  if (status.approved_before) facts.emplace_back("was", address_of(*status.approved_before));
  return facts;
}

JsonObject entry_object(const EntryStatus& status) {
  JsonObject json;
  json.text("name", status.entry.name).text("file", status.file);
  json.number("line", status.entry.line).text("state", config::to_string(status.state));
  json.text_if("digest", status.entry.digest);
  if (!status.entry.problem) {
    json.raw("entry", config::entry_json(status.entry.connection, config::Words::templates,
                                         config::Kept::judged, status.entry.allow_private));
  }
  if (status.problem)
    json.text("problem", status.problem->detail).text_if("hint", status.problem->hint);
  json.texts("warnings", status.entry.warnings);
  return json;
}

class TrustCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "trust";
    spec.summary = "Approve what a project's mcp.json wants to run and contact";
    spec.details = kDetails;
    spec.arguments = {{"name", "One entry; all that wait unless given", &name_},
                      {"--all", "One question for all of them", &all_},
                      {"--digest", "Approve exactly this wording, without a question", &digest_},
                      {"--revoke", "Take the approval back; its sign-in ends", &revoke_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }
  Files files() const override { return Files::told; }

  Task<Result<Exit>> run(Services& services) override {
    if (!digest_.empty() && name_.empty())
      co_return fail(Errc::invalid_argument, "--digest is for one entry",
                     "gatehouse trust NAME --digest DIGEST");
    if (revoke_) co_return co_await revoke(services);
    const config::FileReport& report = services.files.report();
    if (report.project_file.empty()) {
      co_return fail(Errc::not_found, "no project's configuration applies here",
                     ".gatehouse/mcp.json in this directory or above, up to the repository's root");
    }
    if (Result<void> known = check_name(report); !known) co_return std::unexpected(known.error());
    if (!digest_.empty()) {
      if (is_approved(report)) {
        if (!json_) services.terminal.note(fmt::format("{} is approved already.", name_));
        co_return json_ ? print_state(services) : Exit::done;
      }
      if (Result<void> done = co_await services.files.approve(name_, digest_); !done)
        co_return std::unexpected(done.error());
      co_return print_state(services);
    }
    if (json_) co_return print_state(services);
    co_return co_await ask_all(services);
  }

 private:
  Result<void> check_name(const config::FileReport& report) const {
    for (const EntryStatus& status : report.entries) {
      if (status.layer != config::LayerKind::project || status.entry.name != name_) continue;
      if (status.state != EntryState::broken) return {};
      return fail(Errc::invalid_argument,
                  fmt::format("{} cannot be used: {}", name_, status.problem->detail),
                  status.problem->hint);
    }
    if (name_.empty()) return {};
    return fail(Errc::not_found,
                fmt::format("{} has no entry {}", report.project_file, quote_remote(name_, 60)));
  }

  bool is_approved(const config::FileReport& report) const {
    return std::ranges::any_of(report.entries, [&](const EntryStatus& status) {
      return chosen(status) && status.state == EntryState::in_effect &&
             status.entry.digest == digest_;
    });
  }

  bool chosen(const EntryStatus& status) const {
    return status.layer == config::LayerKind::project &&
           (name_.empty() || status.entry.name == name_);
  }

  // The report changes with each approval, so what is asked about is copied first.
  Task<Result<Exit>> ask_all(Services& services) {
    Terminal& terminal = services.terminal;
    std::vector<EntryStatus> waiting;
    for (const EntryStatus& status : services.files.report().entries)
      if (chosen(status) && waits(status)) waiting.push_back(status);
    for (const EntryStatus& status : services.files.report().entries)
      if (chosen(status) && status.state == EntryState::broken)
        terminal.note(
            printable(fmt::format("{}:{}: {} cannot be used: {}", status.file, status.entry.line,
                                  status.entry.written, status.problem->detail)));
    if (waiting.empty()) {
      terminal.note("Nothing waits for your approval.");
      co_return Exit::done;
    }
    std::vector<EntryStatus> agreed;
    for (EntryStatus& status : waiting) {
      show(terminal, status);
      if (all_) continue;
      Result<bool> yes = co_await ask(terminal, fmt::format("Approve {}?", status.entry.name));
      if (!yes) co_return std::unexpected(yes.error());
      if (*yes) agreed.push_back(std::move(status));
    }
    if (all_) {
      Result<bool> yes = co_await ask(
          terminal, waiting.size() == 1 ? fmt::format("Approve {}?", waiting.front().entry.name)
                                        : fmt::format("Approve all {}?", waiting.size()));
      if (!yes) co_return std::unexpected(yes.error());
      if (*yes) agreed = waiting;
    }
    for (const EntryStatus& status : agreed) {
      Result<void> done = co_await services.files.approve(status.entry.name, status.entry.digest);
      if (!done) co_return std::unexpected(done.error());
      terminal.note(fmt::format("Approved {}. gatehouse status {} tries it.", status.entry.name,
                                status.entry.name));
    }
    co_return agreed.empty() ? Exit::failed : Exit::done;
  }

  static Task<Result<bool>> ask(Terminal& terminal, std::string question) {
    Result<Answer> answer =
        co_await confirm(terminal, std::move(question), Answer::no,
                         "gatehouse trust --json tells the digests, gatehouse trust NAME --digest "
                         "DIGEST approves one");
    if (!answer) co_return std::unexpected(answer.error());
    co_return *answer == Answer::yes;
  }

  // To standard error, where the question stands as well; nothing is cut.
  static void show(Terminal& terminal, const EntryStatus& status) {
    const bool changed = status.state == EntryState::changed;
    terminal.note(fmt::format("{}{}", status.entry.name,
                              changed ? " (approved before, and changed since)" : ""));
    for (const auto& [label, value] : facts_of(status))
      if (!value.empty()) terminal.note(fmt::format("  {:<18}{}", label, printable(value)));
    for (const std::string& warning : status.entry.warnings)
      terminal.note("  note: " + printable(warning) + ".");
  }

  Exit print_state(Services& services) const {
    if (json_) {
      std::vector<std::string> rows;
      for (const EntryStatus& status : services.files.report().entries)
        if (chosen(status)) rows.push_back(entry_object(status).str());
      services.terminal.print(JsonObject().raw("entries", json_array(rows)).str() + "\n");
    } else {
      services.terminal.note(fmt::format("Approved {}.", name_));
    }
    return Exit::done;
  }

  Task<Result<Exit>> revoke(Services& services) {
    if (name_.empty() && !all_) {
      co_return fail(Errc::invalid_argument, "--revoke needs a name, or --all",
                     "gatehouse trust NAME --revoke");
    }
    Result<std::vector<vault::Connection>> approved = co_await services.files.approved();
    if (!approved) co_return std::unexpected(approved.error());
    const config::FileReport report = services.files.report();
    std::vector<std::string> rows;
    for (const vault::Connection& row : *approved) {
      const bool of_project = row.origin == report.project_file;
      if (row.origin == report.global_file || !(of_project || all_)) continue;
      if (!name_.empty() && row.name != name_) continue;
      if (Result<void> done = co_await services.files.revoke(row.id); !done)
        co_return std::unexpected(done.error());
      rows.push_back(JsonObject().text("name", row.name).text("file", row.origin).str());
      if (!json_)
        services.terminal.note(
            printable(fmt::format("{} of {} is not approved any more.", row.name, row.origin)));
    }
    if (json_) services.terminal.print(JsonObject().raw("entries", json_array(rows)).str() + "\n");
    if (rows.empty() && !json_) services.terminal.note("There was no such approval.");
    co_return Exit::done;
  }

  std::string name_;
  bool all_ = false;
  std::string digest_;
  bool revoke_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_trust_command() {
  return std::make_unique<TrustCommand>();
}

}  // namespace gatehouse::cli
