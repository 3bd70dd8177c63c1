// gatehouse serve: the gateway over HTTP until SIGTERM or Ctrl-C; then requests under way finish.
#include <fmt/format.h>

#include <algorithm>

#include "cli/gateway_server.hpp"
#include "cli/json_out.hpp"
#include "http/url.hpp"
#include "identity/agent_token.hpp"

namespace gatehouse::cli {
namespace {

class ServeCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "serve";
    spec.summary = "Let agents in over HTTP: the two tools at /mcp";
    spec.details =
        R"(Agents authenticate with a token of `gatehouse token create`. Prints where they enter when it is
ready, and ends cleanly on SIGTERM and Ctrl-C. At /mcp they see two tools, at /mcp/all every tool of
all connections, at /mcp/c/NAME one server as it is.

Examples:
  gatehouse serve
  gatehouse serve --listen 127.0.0.1:0 --json
  gatehouse serve --shards 4)";
    spec.arguments = {
        {"--listen", "Address and port; 127.0.0.1:8484 unless configured", &listen_},
        {"--shards", "Threads to answer on: a number, or auto for one per core", &shards_},
        {"--json", "Print the ready line as JSON", &json_}};
    return spec;
  }

  Kind kind() const override { return Kind::service; }

  Task<Result<Exit>> run(Services& services) override {
    Result<net::ServerConfig> config =
        parse_listen(listen_.empty() ? services.settings.listen : listen_, "--listen");
    if (!config) co_return std::unexpected(config.error());
    std::size_t shards = services.settings.shards;
    if (!shards_.empty()) {
      const Result<std::size_t> told = parse_shards(shards_);
      if (!told) co_return fail(Errc::invalid_argument, "--shards " + told.error().detail);
      shards = *told;
    }
    Result<std::unique_ptr<GatewayServer>> gateway =
        co_await GatewayServer::start(services, *config, shards);
    if (!gateway) co_return std::unexpected(gateway.error());
    Termination termination(services);
    co_await termination.armed();
    co_await announce(services, **gateway);
    const int signal = co_await termination.signal();
    services.log.info("draining", {{"signal", std::to_string(signal)}});
    co_await (*gateway)->stop();
    co_await termination.stop();
    co_return Exit::done;
  }

 private:
  Task<> announce(Services& services, const GatewayServer& gateway) {
    if (json_) {
      JsonObject json;
      json.text("event", "ready").text("url", gateway.url()).text("mcp", gateway.url() + "/mcp");
      json.text("mcp_all", gateway.url() + "/mcp/all");
      json.text("mcp_connection", gateway.url() + "/mcp/c/NAME");
      json.number("shards", static_cast<std::int64_t>(gateway.shards()));
      json.text_if("public_url", services.settings.public_url);
      services.terminal.print(json.str() + "\n");
    } else {
      services.terminal.print(
          fmt::format("Gatehouse is ready at {0}/mcp\n"
                      "  everything in one list: {0}/mcp/all\n"
                      "  one server as it is:    {0}/mcp/c/NAME\n",
                      gateway.url()));
    }
    warn_without_name(services, gateway.url());
    Result<std::vector<vault::AgentToken>> tokens =
        co_await services.store.agent_tokens().list(organization_of(services));
    const SystemTime now = services.clock.now();
    const bool any = tokens && std::ranges::any_of(*tokens, [&](const auto& token) {
                       return identity::judge(token, now) == identity::TokenState::active;
                     });
    if (tokens && !any)
      services.terminal.note("No agent can enter yet: gatehouse token create NAME makes a token.");
  }

  // The front door knows only the names it was told.
  static void warn_without_name(Services& services, const std::string& bound) {
    const Result<http::Url> url = http::Url::parse(bound);
    if (!services.settings.public_url.empty() || !url || url->names_loopback()) return;
    services.terminal.note(fmt::format(
        "{} can be reached from other machines, but public_url is not set: agents that call it by "
        "another name are refused. Set public_url to the https address in front of it "
        "(docs/config.md).",
        bound));
  }

  std::string listen_;
  std::string shards_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_serve_command() {
  return std::make_unique<ServeCommand>();
}

}  // namespace gatehouse::cli
