// A gateway's inside for unit tests: the store in memory, an upstream played by a scripted
// http::Client, and a Call as an endpoint would make it. Everything between them is the real thing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "gateway/agent_service.hpp"
#include "gateway/catalog_refresher.hpp"
#include "gateway/directory.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/sign_in.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "oauth_client/token_source.hpp"
#include "upstream/upstreams.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::fakes {

/// A modern MCP server behind http::Client. Counts what it is asked.
class PlayedServer final : public http::Client {
 public:
  int status = 200;  ///< of every answer; 401 and 403 carry `challenge`
  std::string challenge = "Bearer";
  std::string call_result =
      R"({"resultType":"complete","content":[{"type":"text","text":"done"}]})";
  std::string tools =
      R"([{"name":"search","description":"Searches notes","inputSchema":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]},"annotations":{"readOnlyHint":true}},)"
      R"({"name":"delete","description":"Deletes a note","inputSchema":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]},"annotations":{"destructiveHint":true}}])";
  std::map<std::string, std::string> results;  ///< by method; before all others
  std::map<std::string, std::string> errors;   ///< raw JSON-RPC errors by method, before all others
  std::map<std::string, int> asked;            ///< by method
  std::vector<std::string> bodies;             ///< of tools/call

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions) override {
    http::Reply reply;
    const Result<jsonrpc::Message> message = jsonrpc::prove(request.body);
    if (!message) {
      reply.status = 404;
      co_return reply;
    }
    ++asked[message->method];
    if (message->method == "tools/call") bodies.push_back(request.body);
    reply.status = status;
    if (status != 200) {
      reply.headers.add("WWW-Authenticate", challenge);
      co_return reply;
    }
    reply.headers.add("Content-Type", "application/json");
    if (const auto error = errors.find(message->method); error != errors.end()) {
      reply.body = "{\"jsonrpc\":\"2.0\",\"id\":" + std::string(message->id) +
                   ",\"error\":" + error->second + "}";
      co_return reply;
    }
    reply.body = jsonrpc::make_result(message->id, result_of(message->method));
    co_return reply;
  }

 private:
  std::string result_of(const std::string& method) const {
    if (const auto told = results.find(method); told != results.end()) return told->second;
    if (method == "server/discover") {
      return R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"played","version":"1"}}})";
    }
    if (method == "tools/list")
      return R"({"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":)" + tools + "}";
    return call_result;
  }
};

/// A legacy MCP server behind a pair of lines, as a child process would be: `on_line` gets what the
/// client writes and may say() things, then and later.
class PlayedProcess final : public jsonrpc::LineChannel {
 public:
  using OnLine = std::function<void(PlayedProcess&, const jsonrpc::Message&)>;
  PlayedProcess(Executor executor, OnLine on_line)
      : said_(executor), on_line_(std::move(on_line)) {}

  void say(std::string line) {
    lines_.push_back(std::move(line));
    said_.notify_all();
  }

  Task<Result<void>> write_line(std::string_view line) override {
    const std::string kept(line);
    const Result<jsonrpc::Message> message = jsonrpc::prove(kept);
    if (message) on_line_(*this, *message);
    co_return Result<void>{};
  }
  Task<Result<std::optional<std::string>>> read_line() override {
    while (lines_.empty() && !closed_) co_await said_.wait();
    if (lines_.empty()) co_return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.erase(lines_.begin());
    co_return line;
  }
  Task<> close() override {
    closed_ = true;
    said_.notify_all();
    co_return;
  }

 private:
  Condition said_;
  OnLine on_line_;
  std::vector<std::string> lines_;
  bool closed_ = false;
};

class PlayedLauncher final : public mcp_client::Launcher {
 public:
  PlayedLauncher(Executor executor, PlayedProcess::OnLine on_line)
      : executor_(std::move(executor)), on_line_(std::move(on_line)) {}
  Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> launch() override {
    co_return std::make_unique<PlayedProcess>(executor_, on_line_);
  }

 private:
  Executor executor_;
  PlayedProcess::OnLine on_line_;
};

/// One tools/call of an agent, or another request where `used_method` says so.
class MadeCall final : public mcp_server::Call {
 public:
  MadeCall(std::shared_ptr<const mcp_server::Caller> caller, std::string tool,
           std::string arguments)
      : caller_(std::move(caller)), tool_(std::move(tool)), arguments_(std::move(arguments)) {}

  mcp::Era used_era = mcp::Era::modern;
  std::string used_method = "tools/call";
  std::string used_params = "{}";
  std::string used_meta;
  std::vector<std::string> posted;  ///< notifications: method and params
  mcp::ClientCapabilities declared;
  std::string responses;
  std::string state;
  bool reachable = false;  ///< can_ask()
  std::function<std::string(std::string_view params)> on_ask;
  std::string asked_params;
  std::string used_log_level;
  std::optional<mcp_server::Reply::Failure> header_problem;  ///< of check_param_headers()

  const mcp_server::Caller& caller() const override { return *caller_; }
  mcp::Era era() const override { return used_era; }
  std::string_view protocol_version() const override {
    return used_era == mcp::Era::modern ? "2026-07-28" : "2025-11-25";
  }
  std::string_view method() const override { return used_method; }
  std::string_view params() const override { return used_params; }
  std::string_view name() const override { return tool_; }
  std::string_view arguments() const override { return arguments_; }
  std::string_view meta() const override { return used_meta; }
  const mcp::ClientCapabilities& capabilities() const override { return declared; }
  std::string_view input_responses() const override { return responses; }
  std::string_view request_state() const override { return state; }
  std::string_view request_id() const override { return "req-1"; }
  std::string_view log_level() const override { return used_log_level; }
  std::optional<mcp_server::Reply::Failure> check_param_headers(
      const mcp::HeaderPlan&) const override {
    return header_problem;
  }
  Task<Result<void>> notify(std::string_view, std::string_view) override {
    co_return Result<void>{};
  }
  void post(std::string_view method, std::string_view params) override {
    posted.push_back(std::string(method) + " " + std::string(params));
  }
  bool can_ask() const override { return reachable; }
  Task<Result<std::string>> ask(std::string_view, std::string_view params) override {
    asked_params = params;
    co_return on_ask(params);
  }
  CancelSource& cancelled() override { return *cancel_; }

 private:
  std::shared_ptr<const mcp_server::Caller> caller_;
  std::string tool_;
  std::string arguments_;
  std::shared_ptr<CancelSource> cancel_ = std::make_shared<CancelSource>();
};

/// Everything wired; one connection "notes" at https://notes.example/mcp.
/// Keeps the lines of the audit: "capability outcome".
class AuditRecorder final : public Logger {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields)
      if (field.name == "capability" || field.name == "outcome")
        line.append(" ").append(field.value);
    lines.push_back(std::move(line));
  }
  bool enabled(LogLevel level) const override { return level >= LogLevel::info; }
  bool behind() const override { return is_behind; }
  std::vector<std::string> lines;
  bool is_behind = false;
};

class GatewayInside {
 public:
  explicit GatewayInside(gateway::CallLimitSettings limits = {}) : call_limits(limits) {
    connection.id = ConnectionId::make();
    connection.organization = local_organization();
    connection.name = "notes";
    connection.url = "https://notes.example/mcp";
    connection.auth = vault::AuthKind::none;
    changes = store.changes().listen([this](const vault::Change& change) {
      directory.on_change(change);
      tokens.on_change(change);
    });
  }
  ~GatewayInside() {
    run(upstreams.shutdown(std::chrono::milliseconds(50)));
    run(tasks.shutdown());
  }

  /// Until `work` has ended; what it left in the background stays there.
  template <class T>
  T run(Task<T> work) {
    std::optional<T> value;
    run_until(started(std::move(work), value));
    return std::move(*value);
  }
  void run(Task<> work) { run_until(std::move(work)); }

  void add_connection() {
    connection = run_to_end(context, store.connections().create(connection)).value();
  }

  std::shared_ptr<const gateway::AgentCaller> caller(std::vector<std::string> scopes = {
                                                         "mcp:write"}) const {
    identity::Principal principal;
    principal.organization = local_organization();
    principal.member = local_member();
    principal.client = "test";
    principal.scopes = std::move(scopes);
    principal.token = TokenId{"tok_test"};
    return gateway::make_caller(std::move(principal));
  }

  mcp_server::Reply handle(MadeCall& call) { return run(service.handle(call)); }

  /// The reply's result members, or what it is instead.
  std::string text_of(const mcp_server::Reply& reply) const {
    if (const auto* result = std::get_if<mcp_server::Reply::Result>(&reply.value)) {
      return result->raw.length > 0 ? std::string(result->raw.view()) : result->members;
    }
    if (const auto* failure = std::get_if<mcp_server::Reply::Failure>(&reply.value)) {
      return std::to_string(failure->code) + " " + failure->message + failure->data;
    }
    return "refusal " + std::get<mcp_server::Reply::Refusal>(reply.value).message;
  }

  template <class T>
  static Task<> started(Task<T> work, std::optional<T>& into) {
    into.emplace(co_await std::move(work));
  }
  void run_until(Task<> work) {
    bool ended = false;
    std::exception_ptr exception;
    start(context.get_executor(), std::move(work), [&](std::exception_ptr error) {
      exception = std::move(error);
      ended = true;
    });
    while (!ended) {
      context.restart();
      context.run_one();
    }
    if (exception) std::rethrow_exception(exception);
  }

  boost::asio::io_context context;
  ManualClock clock;
  NullLogger log;
  AuditRecorder audit;
  PlayedServer server;
  vault::MemoryStore store;
  TaskGroup tasks{context.get_executor(), log};
  oauth_client::TokenSource tokens{store, server, clock, tasks, log};
  PlayedProcess::OnLine process = [](PlayedProcess&, const jsonrpc::Message&) {};
  upstream::Upstreams upstreams{
      {server, store, tokens, tasks, log, clock, [this](const vault::Connection&) {
         return std::make_unique<PlayedLauncher>(context.get_executor(), process);
       }}};
  gateway::Directory directory{local_organization(), store, log, context.get_executor()};
  identity::CallBudgets budgets;
  gateway::CallLimitSettings call_limits;
  gateway::CallLimiter limiter{budgets, call_limits, clock};
  gateway::Pipeline pipeline{{directory, upstreams, limiter, audit, clock}};
  gateway::CatalogRefresher refresher{{directory, upstreams, tasks, clock, context.get_executor()}};
  std::string link = "http://127.0.0.1:8484/connect/abc";
  gateway::SignIn sign_in{
      store, clock,
      gateway::RequestStateSealer(gateway::fixed_state_key(Secret(std::string(32, 'k')), "k1")),
      [this](const upstream::Target&, const upstream::PersonNeeded&) { return link; }};
  gateway::ParkedCalls parked{pipeline, tasks};
  gateway::Bridge bridge{{pipeline, directory, sign_in, parked, clock}};
  gateway::AgentService service{
      {directory, bridge, refresher, log},
      {"0.1.0", "/mcp", "http://127.0.0.1:8484/.well-known/oauth-protected-resource/mcp"}};
  vault::Connection connection;
  std::shared_ptr<void> changes;
};

}  // namespace gatehouse::fakes
