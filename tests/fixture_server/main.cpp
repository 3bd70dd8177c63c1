// mcp_fixture: the server that the conformance suite tests, alone or behind a gateway. A test tool.
//   mcp_fixture [--eras both|modern-only|legacy-only] [--port N] [--token T]
//   mcp_fixture [--eras …] --stdio
// Over HTTP it prints its URL on one line when it accepts, and serves on loopback until SIGTERM.
#include <cstdio>
#include <cstdlib>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/random.hpp"
#include "demo/resource.hpp"
#include "fixture_server/fixture_service.hpp"
#include "mcp_server/http_endpoint.hpp"
#include "mcp_server/line_endpoint.hpp"
#include "net/line_channel.hpp"
#include "net/server.hpp"
#include "net/signals.hpp"

namespace {

using namespace gatehouse;
using namespace std::chrono_literals;

class StderrLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields)
      line.append(" ").append(field.name).append("=").append(field.value);
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  bool enabled(LogLevel level) const override { return level >= LogLevel::warn; }
};

struct Options {
  mcp_server::EndpointSettings settings;
  bool stdio = false;
  std::uint16_t port = 0;
  std::string token;  ///< empty: everybody may call
  bool valid = true;
};

std::shared_ptr<const mcp_server::Caller> anybody() {
  auto caller = std::make_shared<mcp_server::Caller>();
  caller->identity = "anybody";
  return caller;
}

/// Host and Origin against DNS rebinding, and the token when there is one.
class Doorkeeper final : public mcp_server::Authenticator {
 public:
  explicit Doorkeeper(std::string token) : token_(std::move(token)) {}

  Task<std::variant<std::shared_ptr<const mcp_server::Caller>, http::Response>> authenticate(
      const http::Exchange& exchange) override {
    const http::Request& request = exchange.request();
    if (!hosts->has_host(request.headers)) co_return http::Response{421, {}, {}};
    if (!hosts->has_origin(request.headers)) co_return http::Response{403, {}, {}};
    const auto given = request.headers.find("Authorization").value_or("");
    if (!token_.empty() && !equal_constant_time(given, "Bearer " + token_)) {
      co_return http::Response{401, {{"WWW-Authenticate", "Bearer"}}, {}};
    }
    co_return caller_;
  }

  std::optional<demo::OwnHosts> hosts;  ///< known when the port is

 private:
  std::string token_;
  std::shared_ptr<const mcp_server::Caller> caller_ = anybody();
};

Task<int> serve_http(const Options& options, Executor executor, Logger& log) {
  RealClock clock;
  TaskGroup tasks(executor, log);
  fixture::FixtureService service(tasks, clock, options.settings.eras);
  Doorkeeper doorkeeper(options.token);
  mcp_server::HttpEndpoint endpoint(service, doorkeeper, tasks, log, clock, options.settings);
  net::ServerConfig config;
  config.port = options.port;
  config.drain = 50ms;
  auto server = net::HttpServer::listen(executor, log, config, endpoint);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().detail.c_str());
    co_return 1;
  }
  doorkeeper.hosts.emplace((*server)->port());
  tasks.spawn("serve", (*server)->run());
  std::printf("http://%s/mcp\n", (*server)->authority().c_str());
  std::fflush(stdout);
  (void)co_await net::wait_for_termination();
  co_await (*server)->drain();
  co_await tasks.shutdown();
  co_return 0;
}

Task<int> serve_stdio(const Options& options, Executor executor, Logger& log) {
  RealClock clock;
  TaskGroup tasks(executor, log);
  fixture::FixtureService service(tasks, clock, options.settings.eras);
  const auto channel = net::open_stdio_channel(executor);
  {
    mcp_server::LineEndpoint endpoint(service, anybody(), *channel, tasks, log, options.settings);
    co_await endpoint.run();
  }
  co_await channel->close();
  co_await tasks.shutdown();
  co_return 0;
}

bool take_eras(Options& options, std::string_view value) {
  using mcp_server::Eras;
  if (value == "both")
    options.settings.eras = Eras::both;
  else if (value == "modern-only")
    options.settings.eras = Eras::modern_only;
  else if (value == "legacy-only")
    options.settings.eras = Eras::legacy_only;
  else
    return false;
  return true;
}

Options parse(int argc, char** argv) {
  Options options;
  options.settings.path = "/mcp";
  options.settings.cache_ttl = 1s;
  options.settings.asks = mcp_server::Asks::anything;  // the tools look at what is declared
  for (int i = 1; i < argc && options.valid; ++i) {
    const std::string_view flag = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--stdio") {
      options.stdio = true;
      continue;
    }
    ++i;
    if (flag == "--eras")
      options.valid = take_eras(options, value);
    else if (flag == "--port")
      options.port = static_cast<std::uint16_t>(std::atoi(value.c_str()));
    else if (flag == "--token")
      options.token = value;
    else
      options.valid = false;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (!options.valid) {
    std::fputs(
        "usage: mcp_fixture [--eras both|modern-only|legacy-only] [--port N] [--token T]\n"
        "       mcp_fixture [--eras both|modern-only|legacy-only] --stdio\n",
        stderr);
    return 2;
  }
  net::ignore_sigpipe();
  boost::asio::io_context context{1};
  StderrLogger log;
  const auto executor = context.get_executor();
  return run_to_end(context, options.stdio ? serve_stdio(options, executor, log)
                                           : serve_http(options, executor, log));
}
