// gatehouse demo: an authorization server and MCP servers on loopback, to try everything without an
// account, and the gateway of the person's own store beside them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "cli/gateway_server.hpp"
#include "cli/json_out.hpp"
#include "demo/demo.hpp"
#include "demo/quirks.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::int64_t kLongestLife = 365L * 24 * 3600;

Task<> run_demo(demo::Demo& demo) {
  co_await demo.run();
}

Result<std::chrono::seconds> parse_life(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
      seconds > kLongestLife) {
    return fail(Errc::invalid_argument,
                fmt::format("--token-life takes seconds, 1 to {}", kLongestLife));
  }
  return std::chrono::seconds(seconds);
}

std::string quirks_json() {
  std::vector<std::string> rows;
  for (const demo::QuirkInfo& info : demo::all_quirks()) {
    rows.push_back(JsonObject()
                       .text("name", info.name)
                       .text("does", info.does)
                       .text("seen_at", info.seen_at)
                       .text("right", info.right)
                       .str());
  }
  return JsonObject().raw("quirks", json_array(rows)).str() + "\n";
}

class DemoCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "demo";
    spec.summary = "Try everything: a provider and servers on this machine, and the gateway";
    spec.details =
        R"(Nobody has a password there, so it answers on loopback only. The gateway works on your own store;
the provider keeps its sign-ins beside it.

--quirk shows an oddity of deployed providers, so that a client can be tried against it.

Examples:
  gatehouse demo
  gatehouse demo --listen 127.0.0.1:0 --json
  gatehouse demo --list-quirks
  gatehouse demo --quirk token-form --quirk no-expiry --token-life 30)";
    spec.arguments = {
        {"--listen", "Address and port of provider and servers; 127.0.0.1:8485 when left out",
         &listen_},
        {"--gateway", "Address and port of the gateway; as `gatehouse serve` when left out",
         &gateway_},
        {"--quirk", "An oddity to show; may be repeated; `help` lists them", &quirks_},
        {"--list-quirks", "Say what --quirk takes, and what each does", &list_quirks_},
        {"--token-life", "Seconds that access tokens live; 600 when left out", &token_life_},
        {"--json", "Print the ready line, or the list of quirks, as JSON", &json_}};
    return spec;
  }

  std::optional<std::string> text_only() override {
    const bool asked = list_quirks_ || std::ranges::find(quirks_, "help") != quirks_.end();
    if (!asked) return std::nullopt;
    return json_ ? quirks_json() : demo::quirks_text();
  }

  Kind kind() const override { return Kind::service; }

  Task<Result<Exit>> run(Services& services) override {
    Result<net::ServerConfig> where = parse_listen(listen_, "--listen");
    if (!where) co_return std::unexpected(where.error());
    // Who wants any free port for one wants it for both.
    const std::string beside = where->port == 0 ? "127.0.0.1:0" : services.settings.listen;
    Result<net::ServerConfig> gateway_config =
        parse_listen(gateway_.empty() ? beside : gateway_, "--gateway");
    if (!gateway_config) co_return std::unexpected(gateway_config.error());

    demo::DemoSettings settings;
    settings.address = where->address;
    settings.port = where->port;
    settings.directory = std::filesystem::path(services.settings.directory) / "demo";
    Result<demo::QuirkSet> quirks = demo::parse_quirks(quirks_);
    if (!quirks) co_return std::unexpected(quirks.error());
    settings.quirks = *quirks;
    if (!token_life_.empty()) {
      const Result<std::chrono::seconds> life = parse_life(token_life_);
      if (!life) co_return std::unexpected(life.error());
      settings.access_token_life = *life;
    }
    Result<std::unique_ptr<demo::Demo>> demo =
        demo::Demo::start(services.executor, services.log, services.clock, settings);
    if (!demo) co_return std::unexpected(demo.error());
    TaskGroup tasks(services.executor, services.log);
    tasks.spawn("demo", run_demo(**demo));
    Result<std::unique_ptr<GatewayServer>> gateway =
        co_await GatewayServer::start(services, *gateway_config);
    if (gateway) {
      Termination termination(services);
      co_await termination.armed();
      announce(services.terminal, (*demo)->urls(), (*gateway)->url());
      (void)co_await termination.signal();
      co_await (*gateway)->stop();
      co_await termination.stop();
    }
    co_await (*demo)->drain();
    co_await tasks.shutdown();
    if (!gateway) co_return std::unexpected(gateway.error());
    co_return Exit::done;
  }

 private:
  void announce(Terminal& terminal, const demo::DemoUrls& urls, const std::string& gateway) const {
    if (json_) {
      const auto server = [](std::string_view name, const std::string& url) {
        return JsonObject().text("name", name).text("url", url).str();
      };
      JsonObject json;
      json.text("event", "ready").text("url", urls.base).text("gateway", gateway);
      json.raw("servers", json_array({server("modern", urls.notes), server("legacy", urls.issues),
                                      server("open", urls.tools)}));
      terminal.print(json.str() + "\n");
      return;
    }
    terminal.print(fmt::format(R"(The demo is ready; Ctrl-C ends it. In another terminal:
  gatehouse add notes {}
  gatehouse add issues {}
  gatehouse add tools {}
  gatehouse search "find a note"
Agents reach Gatehouse at {}/mcp with a token of `gatehouse token create NAME`.
What the demo is: {}
)",
                               urls.notes, urls.issues, urls.tools, gateway, urls.base));
  }

  std::string listen_ = "127.0.0.1:8485";
  std::string gateway_;
  std::vector<std::string> quirks_;
  bool list_quirks_ = false;
  std::string token_life_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_demo_command() {
  return std::make_unique<DemoCommand>();
}

}  // namespace gatehouse::cli
