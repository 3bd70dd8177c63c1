// mcp_probe: opens an MCP server with the production client, prints what it is, its tools, and the
// result of one call. For trying servers that nobody here wrote; no part of the product.
//   mcp_probe http URL [TOOL [ARGUMENTS]]
//   mcp_probe stdio [TOOL [ARGUMENTS]] -- COMMAND...
#include <cstdio>
#include <cstdlib>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/workers.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/elicitation.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/list_tools.hpp"
#include "net/child_process.hpp"
#include "net/client.hpp"

namespace {

using namespace gatehouse;

class StderrLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields)
      line.append(" ").append(field.name).append("=").append(field.value);
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  bool enabled(LogLevel) const override { return true; }
};

/// Accepts every form with its defaults.
class Agreeable final : public mcp_client::Interaction {
 public:
  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override {
    std::fprintf(stderr, "asked: %s\n", std::string(method).c_str());
    const auto asked = mcp::parse_elicitation(params);
    if (!asked) co_return std::unexpected(asked.error());
    co_return mcp::make_accept(*asked);
  }

 private:
  mcp::ClientCapabilities capabilities_ = mcp::make_client_capabilities(true, false);
};

class PrintingSink final : public mcp::NotificationSink {
 public:
  void on_notification(std::string_view method, std::string_view params) override {
    std::fprintf(stderr, "note: %s %s\n", std::string(method).c_str(), std::string(params).c_str());
  }
};

struct Options {
  bool stdio = false;
  std::string url;
  std::string tool;
  std::string arguments = "{}";
  jsonrpc::ProcessSpec process;
};

bool print_answer(const Result<mcp::Answer>& answer) {
  if (!answer) {
    std::printf("error %s: %s\n", std::string(to_string(answer.error().code)).c_str(),
                answer.error().detail.c_str());
    return false;
  }
  if (const auto* success = std::get_if<mcp::Success>(&*answer)) {
    std::printf("result %s\n", std::string(success->result.view()).c_str());
    return true;
  }
  if (const auto* error = std::get_if<mcp::RpcError>(&*answer)) {
    std::printf("rpc error %d: %s\n", error->code, error->message.c_str());
  } else {
    std::printf("refused %d\n", std::get<mcp::HttpRefusal>(*answer).status);
  }
  return false;
}

Task<Result<mcp_client::Opened>> open(const Options& options, mcp_client::Parts parts,
                                      mcp_client::Launcher& launcher, Agreeable& person) {
  if (options.stdio) {
    mcp_client::StdioTarget target;
    target.launcher = &launcher;
    target.command = options.process.argv.front();
    target.capabilities = person.capabilities();
    co_return co_await mcp_client::open_stdio(std::move(target), parts);
  }
  mcp_client::HttpTarget target;
  target.url = options.url;
  target.capabilities = person.capabilities();
  co_return co_await mcp_client::open_http(std::move(target), parts);
}

Task<int> use(mcp_client::Peer& peer, const Options& options, Logger& log, Agreeable& person) {
  std::printf(
      "era %s version %s server %s %s\n", peer.info().era == mcp::Era::modern ? "modern" : "legacy",
      peer.info().protocol_version.c_str(), peer.info().name.c_str(), peer.info().version.c_str());
  auto listed = co_await mcp_client::list_tools(
      peer, options.stdio ? mcp_client::PeerTransport::stdio : mcp_client::PeerTransport::http,
      log);
  if (!listed) {
    std::printf("error %s\n", listed.error().detail.c_str());
    co_return 1;
  }
  if (const auto* list = std::get_if<mcp_client::ToolList>(&*listed)) {
    for (const mcp::Tool& tool : list->tools) std::printf("tool %s\n", tool.name.c_str());
  }
  if (options.tool.empty()) co_return 0;
  PrintingSink sink;
  const std::string name_member = "\"name\":" + jsonrpc::quote(options.tool) + ",\"arguments\":";
  mcp::Request request;
  request.method = "tools/call";
  request.name = options.tool;
  request.params = {name_member, options.arguments};
  request.sink = &sink;
  co_return print_answer(co_await peer.request(request, &person)) ? 0 : 1;
}

Task<int> run(const Options& options, Executor executor, Workers& workers) {
  StderrLogger log;
  RealClock clock;
  TaskGroup tasks(executor, log);
  net::ClientConfig config;
  config.dangerously_allow_http_loopback = true;
  const auto http = net::make_client(executor, workers, log, config);
  net::ProcessLauncher processes(executor, log);
  mcp_client::CommandLauncher launcher(processes, options.process);
  Agreeable person;
  auto opened = co_await open(options, {*http, tasks, log, clock}, launcher, person);
  int status = 1;
  if (!opened) {
    std::printf("error %s: %s\n", std::string(to_string(opened.error().code)).c_str(),
                opened.error().detail.c_str());
  } else if (opened->refusal) {
    std::printf("refused %d\n", opened->refusal->status);
  } else {
    status = co_await use(*opened->peer, options, log, person);
    co_await opened->peer->close();
    opened->peer.reset();
  }
  co_await tasks.shutdown();
  co_return status;
}

Options parse(int argc, char** argv) {
  Options options;
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes != words.end()) options.process.argv.assign(dashes + 1, words.end());
  words.erase(dashes, words.end());
  for (const char* name : {"PATH", "HOME"}) {
    if (const char* value = std::getenv(name)) options.process.environment[name] = value;
  }
  options.stdio = !words.empty() && words[0] == "stdio";
  std::size_t at = 1;
  if (!options.stdio && at < words.size()) options.url = words[at++];
  if (at < words.size()) options.tool = words[at++];
  if (at < words.size()) options.arguments = words[at++];
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.stdio ? options.process.argv.empty() : options.url.empty()) {
    std::fputs(
        "usage: mcp_probe http URL [TOOL [ARGUMENTS]]\n"
        "       mcp_probe stdio [TOOL [ARGUMENTS]] -- COMMAND...\n",
        stderr);
    return 2;
  }
  boost::asio::io_context context;
  Workers workers(1);
  return run_to_end(context, run(options, context.get_executor(), workers));
}
