// gatehouse doctor: goes through connections phase by phase, and says of each failure the cause,
// who must act and what to type.
#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "doctor/examiner.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kAtOnce = 8;  // servers examined at the same time (design: rule 6)

struct Round {
  std::vector<vault::Connection> connections;
  std::vector<doctor::Report> reports;
  std::size_t next = 0;
};

Task<> examine_some(Services& services, std::shared_ptr<Round> round, doctor::Reach reach) {
  doctor::Examiner examiner({.store = services.store,
                             .http = services.http,
                             .tokens = services.tokens,
                             .registrar = services.login.registrar(),
                             .upstreams = services.upstreams,
                             .read_secret = services.read_secret,
                             .log = services.log,
                             .clock = services.clock},
                            reach);
  while (round->next < round->connections.size()) {
    const std::size_t at = round->next++;
    round->reports[at] = co_await examiner.examine(target_of(round->connections[at]));
  }
}

std::string_view sign_of(doctor::Outcome outcome) {
  switch (outcome) {
    case doctor::Outcome::ok:
      return "ok";
    case doctor::Outcome::warning:
      return "WARNING";
    case doctor::Outcome::failed:
      return "FAILED";
    case doctor::Outcome::skipped:
      return "-";
  }
  return {};
}

class DoctorCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "doctor";
    spec.summary = "Find out why a connection does not work";
    spec.details =
        R"(Goes through configuration, secrets, name (DNS), proxy, connection (TCP), encryption (TLS), discovery,
registration, token, handshake and catalog, and stops asking the server at the first that fails; what is stored
is judged all the same. Every failure names the cause, who must act and what to type. The reference is in the
log with each finding (GATEHOUSE_LOG_LEVEL=info).

Exit codes: 0 all well, 3 somebody must sign in, 1 anything else.

Examples:
  gatehouse doctor
  gatehouse doctor notion
  gatehouse doctor notion --offline
  gatehouse doctor --json)";
    spec.arguments = {
        {"names", "Connections; all when left out", &names_},
        {"--offline", "Make no request: judge what is stored and configured", &offline_},
        {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    auto round = std::make_shared<Round>();
    Result<std::vector<vault::Connection>> chosen = co_await choose_connections(services, names_);
    if (!chosen) co_return std::unexpected(chosen.error());
    round->connections = std::move(*chosen);
    round->reports.resize(round->connections.size());
    const doctor::Reach reach = offline_ ? doctor::Reach::offline : doctor::Reach::online;
    TaskGroup tasks(services.executor, services.log);
    for (std::size_t i = 0; i < std::min(kAtOnce, round->connections.size()); ++i)
      tasks.spawn("doctor", examine_some(services, round, reach));
    co_await tasks.drain();
    print(services.terminal, *round);
    co_return exit_of(*round);
  }

 private:
  void print(Terminal& terminal, const Round& round) const {
    if (json_) {
      std::vector<std::string> reports;
      for (const doctor::Report& report : round.reports) reports.push_back(to_json(report));
      terminal.print(JsonObject().raw("connections", json_array(reports)).str() + "\n");
      return;
    }
    if (round.connections.empty()) {
      terminal.note("No connections yet: gatehouse add NAME URL");
      return;
    }
    for (std::size_t i = 0; i < round.connections.size(); ++i) {
      if (i > 0) terminal.print("\n");
      print_report(terminal, round.connections[i], round.reports[i]);
    }
  }

  static void print_report(Terminal& terminal, const vault::Connection& connection,
                           const doctor::Report& report) {
    terminal.print(
        fmt::format("{}  {}\n", printable(connection.name), printable(address_of(connection))));
    Table table({"", "PHASE", "TOOK", "FINDING"});
    for (const doctor::Finding& finding : report.findings) {
      const std::string took =
          finding.took ? fmt::format("{:<8}", fmt::format("{} ms", finding.took->count())) : "";
      table.add_row({std::string(sign_of(finding.outcome)), std::string(to_string(finding.phase)),
                     took, finding.detail});
    }
    terminal.print(table.to_text(terminal.output_width()));
    for (const doctor::Finding& finding : report.findings) {
      const bool bad =
          finding.outcome == doctor::Outcome::failed || finding.outcome == doctor::Outcome::warning;
      if (!bad) continue;
      terminal.print(fmt::format("{}: {}\n  who must act: {}\n  what to do:   {}\n",
                                 to_string(finding.phase), printable(finding.detail),
                                 describe(finding.owner), printable(finding.action)));
    }
    terminal.print(fmt::format("reference: {}\n", report.reference));
  }

  static std::string to_json(const doctor::Report& report) {
    std::vector<std::string> findings;
    for (const doctor::Finding& finding : report.findings) {
      JsonObject json;
      json.text("phase", to_string(finding.phase)).text("outcome", to_string(finding.outcome));
      json.text("detail", finding.detail);
      if (finding.owner != doctor::Owner::nobody) json.text("owner", to_string(finding.owner));
      json.text_if("action", finding.action);
      if (finding.code) json.text("code", gatehouse::to_string(*finding.code));
      if (finding.took) json.number("took_ms", finding.took->count());
      findings.push_back(json.str());
    }
    JsonObject json;
    json.text("name", report.connection).text("reference", report.reference);
    json.flag("healthy", report.first_failure() == nullptr);
    return json.raw("findings", json_array(findings)).str();
  }

  static Exit exit_of(const Round& round) {
    Exit exit = Exit::done;
    for (const doctor::Report& report : round.reports) {
      if (report.first_failure() == nullptr) continue;
      if (!report.needs_sign_in()) return Exit::failed;
      exit = Exit::sign_in;
    }
    return exit;
  }

  std::vector<std::string> names_;
  bool offline_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_doctor_command() {
  return std::make_unique<DoctorCommand>();
}

}  // namespace gatehouse::cli
