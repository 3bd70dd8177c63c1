// gatehouse stdio: the endpoints of the gateway for agents that start processes. A thin front:
// joins the gateway that runs on this store, else is one and offers the socket to later ones
// (design §5).
#include <fmt/format.h>

#include "async/timer.hpp"
#include "cli/endpoint_choice.hpp"
#include "cli/gateway_host.hpp"
#include "gateway/endpoint_paths.hpp"
#include "jsonrpc/message.hpp"
#include "net/line_channel.hpp"
#include "net/signals.hpp"
#include "net/unix_socket.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;
using Channel = std::shared_ptr<jsonrpc::LineChannel>;

// What ended the front.
struct End {
  explicit End(Executor executor) : changed(executor) {}
  Condition changed;
  enum class Why { open, client_left, gateway_left, signal };
  Why why = Why::open;
  void set(Why reason) {
    if (why == Why::open) why = reason;
    changed.notify_all();
  }
};

// Requests that passed in one direction and wait for their answer in the other.
struct Waiting {
  int requests = 0;
  void on_client_line(std::string_view line) {
    const Result<jsonrpc::Message> message = jsonrpc::prove(line);
    if (message && message->kind == jsonrpc::MessageKind::request) ++requests;
  }
  void on_gateway_line(std::string_view line) {
    const Result<jsonrpc::Message> message = jsonrpc::prove(line);
    const bool answer = message && (message->kind == jsonrpc::MessageKind::result ||
                                    message->kind == jsonrpc::MessageKind::error);
    if (answer) --requests;
  }
};

Task<> copy_to_gateway(Channel client, Channel gateway, std::shared_ptr<Waiting> waiting,
                       std::shared_ptr<End> end) {
  while (true) {
    Result<std::optional<std::string>> line = co_await client->read_line();
    if (!line || !*line) break;
    const std::string text = std::move(**line);
    waiting->on_client_line(text);
    if (!co_await gateway->write_line(text)) break;
  }
  // A script may close its end and still read.
  for (std::chrono::milliseconds left = limits::kStdioCloseGrace;
       waiting->requests > 0 && left > 0ms; left -= 20ms)
    co_await sleep_for(20ms);
  end->set(End::Why::client_left);
}

Task<> copy_to_client(Channel gateway, Channel client, std::shared_ptr<Waiting> waiting,
                      std::shared_ptr<End> end) {
  while (true) {
    Result<std::optional<std::string>> line = co_await gateway->read_line();
    if (!line || !*line) break;
    const std::string text = std::move(**line);
    if (!co_await client->write_line(text)) break;
    waiting->on_gateway_line(text);
  }
  end->set(End::Why::gateway_left);
}

Task<> serve_client(GatewayHost& host, Channel client, std::string endpoint,
                    std::shared_ptr<End> end) {
  (void)co_await host.gateway().serve_lines(client, std::move(endpoint));
  co_await host.wait_until_alone();
  end->set(End::Why::client_left);
}

Task<> watch_signals(std::shared_ptr<End> end) {
  (void)co_await net::wait_for_termination();
  end->set(End::Why::signal);
}

Task<> wait_for(std::shared_ptr<End> end) {
  while (end->why == End::Why::open) co_await end->changed.wait();
}

class StdioCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "stdio";
    spec.summary = "Let one agent in over standard input and output";
    spec.details = R"(For agents that start their servers themselves. In an agent's configuration:
  {"mcpServers": {"gatehouse": {"command": "gatehouse", "args": ["stdio"]}}}

Without a flag the agent sees two tools, one to search and one to execute. Examples:
  gatehouse stdio
  gatehouse stdio --all
  gatehouse stdio --connection notion)";
    spec.arguments = {
        {"--all", "Every tool, prompt and resource of all connections, with their names", &all_},
        {"--connection", "One server as it is, under its own names", &connection_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (all_ && !connection_.empty())
      co_return fail(Errc::invalid_argument, "--all and --connection exclude each other");
    if (all_) endpoint_ = gateway::kAggregatePath;
    if (!connection_.empty()) endpoint_ = gateway::connection_path(connection_);
    const Channel client = net::open_stdio_channel(services.executor);
    const auto end = std::make_shared<End>(services.executor);
    // The gateway that runs does not know of this project's servers.
    if (services.files.report().project_in_effect())
      co_return co_await be_gateway(services, client, endpoint_, end);
    Result<std::unique_ptr<jsonrpc::LineChannel>> gateway =
        net::connect_unix(services.executor, services.settings.socket);
    if (gateway) co_return co_await join(services, client, std::move(*gateway), endpoint_, end);
    if (gateway.error().code != Errc::not_found)
      services.log.warn("not_joined", {{"reason", gateway.error().detail}});
    co_return co_await be_gateway(services, client, endpoint_, end);
  }

 private:
  static Task<Result<Exit>> join(Services& services, Channel client, Channel gateway,
                                 std::string endpoint, std::shared_ptr<End> end) {
    if (endpoint != gateway::kMcpPath) {
      const Result<void> granted = co_await ask_for_endpoint(gateway, endpoint);
      if (!granted) {
        co_await gateway->close();
        co_return std::unexpected(granted.error());
      }
    }
    TaskGroup tasks(services.executor, services.log);
    const auto waiting = std::make_shared<Waiting>();
    tasks.spawn("to_gateway", copy_to_gateway(client, gateway, waiting, end));
    tasks.spawn("to_client", copy_to_client(gateway, client, waiting, end));
    tasks.spawn("signals", watch_signals(end));
    co_await wait_for(end);
    co_await gateway->close();
    co_await tasks.shutdown();
    co_await client->close();
    if (end->why != End::Why::gateway_left) co_return Exit::done;
    co_return fail(Errc::unavailable, "the gateway that this front had joined has ended",
                   "start it again: gatehouse serve");
  }

  static Task<Result<Exit>> be_gateway(Services& services, Channel client, std::string endpoint,
                                       std::shared_ptr<End> end) {
    GatewayHost host(services, {});
    TaskGroup tasks(services.executor, services.log);
    Result<void> started = co_await host.start();
    if (started) started = co_await host.gateway().check_endpoint(endpoint);
    if (started) {
      tasks.spawn("client", serve_client(host, client, endpoint, end));
      tasks.spawn("signals", watch_signals(end));
      co_await wait_for(end);
    }
    co_await tasks.shutdown();
    co_await host.stop();
    co_await client->close();
    if (!started) co_return std::unexpected(started.error());
    co_return Exit::done;
  }

  bool all_ = false;
  std::string connection_;
  std::string endpoint_{gateway::kMcpPath};
};

}  // namespace

CommandPtr make_stdio_command() {
  return std::make_unique<StdioCommand>();
}

}  // namespace gatehouse::cli
