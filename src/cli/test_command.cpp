// gatehouse test: one connection tried step by step, as an agent's call would use it, with the time
// each step takes. Nobody is asked to sign in.
#include <fmt/format.h>

#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "cli/tool_view.hpp"

namespace gatehouse::cli {
namespace {

struct Step {
  std::string name;
  std::optional<Error> error;  ///< nothing: it worked
  std::string detail;
  std::chrono::microseconds took{};
};

std::string took_text(std::chrono::microseconds took) {
  return fmt::format("{:.1f} ms", static_cast<double>(took.count()) / 1000.);
}

class TestCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "test";
    spec.summary = "Try a connection: connect, list the tools, ping";
    spec.details =
        R"(Exit code 3 when somebody must sign in, 1 when a step fails.

Examples:
  gatehouse test notion
  gatehouse test notion --json)";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    const upstream::Target target = target_of(*connection);
    SteadyTime started = services.clock.steady_now();
    const bool goes_on = take(co_await connect(services, target), started, services) &&
                         take(co_await list(services, target), started, services) &&
                         take(co_await ping(services, target), started, services);
    print(services.terminal);
    if (goes_on) co_return Exit::done;
    const Error& error = *steps_.back().error;
    co_return error.code == Errc::sign_in_required || error.code == Errc::insufficient_scope
        ? Exit::sign_in
        : Exit::failed;
  }

 private:
  // True when the step worked.
  bool take(Step step, SteadyTime& started, Services& services) {
    const SteadyTime now = services.clock.steady_now();
    step.took = std::chrono::duration_cast<std::chrono::microseconds>(now - started);
    started = now;
    const bool worked = !step.error;
    steps_.push_back(std::move(step));
    return worked;
  }

  static Task<Step> connect(Services& services, upstream::Target target) {
    Step step{.name = "connect"};
    Result<std::optional<upstream::PersonNeeded>> opened =
        co_await services.upstreams.connect(target);
    if (!opened) {
      step.error = opened.error();
    } else if (*opened) {
      step.error = (*opened)->error;
    } else if (const auto info = services.upstreams.info(target)) {
      step.detail = fmt::format("{}{}{}, protocol {}", printable(info->name),
                                info->version.empty() ? "" : " ", printable(info->version),
                                printable(info->protocol_version));
      if (info->name.empty()) step.detail = "protocol " + printable(info->protocol_version);
    }
    co_return step;
  }

  static Task<Step> list(Services& services, upstream::Target target) {
    Step step{.name = "list"};
    Result<upstream::ListOutcome> listed = co_await services.upstreams.refresh_catalog(target);
    if (!listed) {
      step.error = listed.error();
    } else if (auto* needed = std::get_if<upstream::PersonNeeded>(&*listed)) {
      step.error = needed->error;
    } else {
      const vault::StoredCatalog all = std::get<vault::StoredCatalog>(std::move(*listed));
      const std::size_t allowed = allowed_tools(*target.connection, all).tools.size();
      step.detail = fmt::format("{} tool{}", allowed, allowed == 1 ? "" : "s");
      if (allowed != all.tools.size())
        step.detail += fmt::format(", {} more excluded", all.tools.size() - allowed);
    }
    co_return step;
  }

  // The newest revision has no ping; what it has instead is discovery.
  static Task<Step> ping(Services& services, upstream::Target target) {
    Step step{.name = "ping"};
    const auto info = services.upstreams.info(target);
    mcp::Request request;
    request.method = info && info->era == mcp::Era::modern ? "server/discover" : "ping";
    request.timeout = limits::kProbeTimeout;
    Result<upstream::Outcome> outcome =
        co_await services.upstreams.request(target, std::move(request));
    if (!outcome) {
      step.error = outcome.error();
    } else if (auto* needed = std::get_if<upstream::PersonNeeded>(&*outcome)) {
      step.error = needed->error;
    } else if (const auto* error = std::get_if<mcp::RpcError>(&*outcome)) {
      step.detail = fmt::format("answered with error {}", error->code);  // it is there all the same
    } else {
      step.detail = "answered";
    }
    co_return step;
  }

  void print(Terminal& terminal) const {
    const bool ok = !steps_.back().error;
    if (json_) {
      std::vector<std::string> rows;
      for (const Step& step : steps_) {
        JsonObject json;
        json.text("step", step.name).flag("ok", !step.error);
        json.number("microseconds", step.took.count()).text_if("detail", step.detail);
        if (step.error) {
          json.text("error", to_string(step.error->code)).text("detail", step.error->detail);
          json.text_if("hint", step.error->hint);
        }
        rows.push_back(json.str());
      }
      terminal.print(
          JsonObject().text("name", name_).flag("ok", ok).raw("steps", json_array(rows)).str() +
          "\n");
      return;
    }
    Table table({"STEP", "TIME", "OUTCOME"});
    for (const Step& step : steps_) {
      table.add_row({step.name, took_text(step.took),
                     step.error ? "failed: " + describe(*step.error) : "ok: " + step.detail});
    }
    terminal.print(table.to_text());
  }

  std::string name_;
  bool json_ = false;
  std::vector<Step> steps_;
};

}  // namespace

CommandPtr make_test_command() {
  return std::make_unique<TestCommand>();
}

}  // namespace gatehouse::cli
