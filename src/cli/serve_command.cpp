// gatehouse serve: the gateway over HTTP until SIGTERM or Ctrl-C; then requests under way finish.
#include <fmt/format.h>

#include <charconv>

#include "cli/gateway_host.hpp"
#include "cli/json_out.hpp"
#include "identity/agent_token.hpp"
#include "net/server.hpp"
#include "net/signals.hpp"

namespace gatehouse::cli {
namespace {

// The gateway must know its address before it exists, so the server gets this door in front of it.
struct Door final : http::Handler {
  http::Handler* handler = nullptr;
  Task<> handle(http::Exchange& exchange) override { co_await handler->handle(exchange); }
};

Result<net::ServerConfig> parse_listen(const std::string& text) {
  net::ServerConfig config;
  const std::size_t colon = text.rfind(':');
  const std::string_view digits =
      colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), config.port);
  if (colon == 0 || digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return fail(Errc::invalid_argument, "--listen takes ADDRESS:PORT, such as 127.0.0.1:8484");
  config.address = text.substr(0, colon);
  return config;
}

Task<> run_server(net::HttpServer& server) {
  co_await server.run();
}

struct Ending {
  explicit Ending(Executor executor) : changed(executor) {}
  Condition changed;
  bool waiting = false;
  int signal = 0;
};

Task<> watch_signals(Ending& ending) {
  ending.waiting = true;
  ending.changed.notify_all();
  ending.signal = co_await net::wait_for_termination();
  ending.changed.notify_all();
}

class ServeCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "serve";
    spec.summary = "Let agents in over HTTP: the two tools at /mcp";
    spec.details = R"(Agents authenticate with a token of `gatehouse token create`. Prints one line when it is ready and
ends cleanly on SIGTERM and Ctrl-C.

Examples:
  gatehouse serve
  gatehouse serve --listen 127.0.0.1:0 --json)";
    spec.arguments = {{"--listen", "Address and port; 127.0.0.1:8484 unless configured", &listen_},
                      {"--json", "Print the ready line as JSON", &json_}};
    return spec;
  }

  Kind kind() const override { return Kind::service; }

  Task<Result<Exit>> run(Services& services) override {
    Result<net::ServerConfig> config =
        parse_listen(listen_.empty() ? services.settings.listen : listen_);
    if (!config) co_return std::unexpected(config.error());
    Door door;
    Result<std::unique_ptr<net::HttpServer>> server =
        net::HttpServer::listen(services.executor, services.log, *config, door);
    if (!server) co_return std::unexpected(server.error());
    GatewayHost host(services, {(*server)->authority()});
    door.handler = &host.gateway();
    Result<void> started = co_await host.start();
    if (started) {
      TaskGroup tasks(services.executor, services.log);
      tasks.spawn("http_server", run_server(**server));
      // Whoever reads the ready line may end us at once.
      Ending ending(services.executor);
      tasks.spawn("signals", watch_signals(ending));
      while (!ending.waiting) co_await ending.changed.wait();
      co_await announce(services, **server);
      while (ending.signal == 0) co_await ending.changed.wait();
      services.log.info("draining", {{"signal", std::to_string(ending.signal)}});
      co_await (*server)->drain();
      co_await tasks.shutdown();
    } else {
      co_await (*server)->drain();
    }
    co_await host.stop();
    if (!started) co_return std::unexpected(started.error());
    co_return Exit::done;
  }

 private:
  Task<> announce(Services& services, const net::HttpServer& server) {
    const std::string url = "http://" + server.authority();
    if (json_) {
      JsonObject json;
      json.text("event", "ready").text("url", url).text("mcp", url + "/mcp");
      json.text_if("public_url", services.settings.public_url);
      services.terminal.print(json.str() + "\n");
    } else {
      services.terminal.print(fmt::format("Gatehouse is ready at {}/mcp\n", url));
    }
    Result<std::vector<vault::AgentToken>> tokens =
        co_await services.store.agent_tokens().list(organization_of(services));
    const SystemTime now = services.clock.now();
    const bool any = tokens && std::ranges::any_of(*tokens, [&](const auto& token) {
                       return identity::judge(token, now) == identity::TokenState::active;
                     });
    if (tokens && !any)
      services.terminal.note("No agent can enter yet: gatehouse token create NAME makes a token.");
  }

  std::string listen_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_serve_command() {
  return std::make_unique<ServeCommand>();
}

}  // namespace gatehouse::cli
