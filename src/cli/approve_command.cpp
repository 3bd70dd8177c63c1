// gatehouse approve: accepts tools as their server describes them now.
#include <fmt/format.h>

#include <algorithm>

#include "cli/changed_tools.hpp"
#include "cli/connections.hpp"
#include "cli/json_out.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

struct Chosen {
  vault::Connection connection;
  std::vector<vault::Pin> pins;
};

class ApproveCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "approve";
    spec.summary = "Accept tools that their server changed";
    spec.details =
        R"(What was first seen of a tool is accepted; a later change waits, and with `--on-change block` the tool
waits with it. Look first: gatehouse tools NAME --changed.

Examples:
  gatehouse approve notion.search      this tool, as its server describes it now
  gatehouse approve notion --all       everything that waits at notion
  gatehouse approve --all              everything that waits anywhere)";
    spec.arguments = {{"names", "CONNECTION.TOOL, or CONNECTION where one waits", &names_},
                      {"--all", "Everything that waits, there or anywhere", &all_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (names_.empty() && !all_)
      co_return fail(Errc::invalid_argument, "nothing is named",
                     "gatehouse approve CONNECTION.TOOL, or --all; gatehouse tools --changed shows "
                     "what waits");
    std::vector<Chosen> chosen;
    if (names_.empty()) {
      Result<std::vector<vault::Connection>> all = co_await choose_connections(services, {});
      if (!all) co_return std::unexpected(all.error());
      for (vault::Connection& connection : *all) {
        Result<std::vector<vault::Pin>> pins = co_await waiting_tools(services, connection);
        if (!pins) co_return std::unexpected(pins.error());
        if (!pins->empty()) chosen.push_back({std::move(connection), std::move(*pins)});
      }
    }
    for (const std::string& name : names_) {
      Result<Chosen> one = co_await choose_one(services, name);
      if (!one) co_return std::unexpected(one.error());
      chosen.push_back(std::move(*one));
    }
    std::vector<std::string> approved;
    for (const Chosen& one : chosen) {
      const Result<void> done = co_await accept_tools(services, one.connection, one.pins);
      if (!done) co_return std::unexpected(done.error());
      for (const vault::Pin& pin : one.pins)
        approved.push_back(one.connection.name + "." + pin.name);
    }
    print(services.terminal, approved);
    co_return Exit::done;
  }

 private:
  Task<Result<Chosen>> choose_one(Services& services, std::string name) {
    const std::size_t dot = name.find('.');
    Result<vault::Connection> connection =
        co_await require_connection(services, name.substr(0, dot));
    if (!connection) co_return std::unexpected(connection.error());
    Result<std::vector<vault::Pin>> pins = co_await waiting_tools(services, *connection);
    if (!pins) co_return std::unexpected(pins.error());
    Chosen chosen{std::move(*connection), std::move(*pins)};
    const std::string& its = chosen.connection.name;
    if (dot != std::string::npos) {
      const std::string tool = name.substr(dot + 1);
      std::erase_if(chosen.pins, [&](const vault::Pin& pin) { return pin.name != tool; });
      if (!chosen.pins.empty()) co_return chosen;
      co_return fail(Errc::not_found, fmt::format("no change of {} waits", quote_remote(name, 120)),
                     fmt::format("gatehouse tools {} --changed", its));
    }
    if (chosen.pins.size() <= 1 || all_) co_return chosen;
    co_return fail(Errc::invalid_argument,
                   fmt::format("{} tools of {} wait", chosen.pins.size(), its),
                   fmt::format("look at them with `gatehouse tools {0} --changed`, then name one, "
                               "or `gatehouse approve {0} --all`",
                               its));
  }

  void print(Terminal& terminal, const std::vector<std::string>& approved) const {
    if (json_) {
      terminal.print(JsonObject().texts("approved", approved).str() + "\n");
      return;
    }
    for (const std::string& name : approved) terminal.print("approved  " + printable(name) + "\n");
    if (approved.empty()) terminal.note("No change waits.");
  }

  std::vector<std::string> names_;
  bool all_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_approve_command() {
  return std::make_unique<ApproveCommand>();
}

}  // namespace gatehouse::cli
