// The demo over real sockets: a sign-in and calls step by step, and what goes wrong on purpose.
#include "demo/demo.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "async/workers.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "jsonrpc/json.hpp"
#include "net/client.hpp"
#include "net/server.hpp"
#include "oauth/pkce.hpp"

namespace gatehouse::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kVerifier = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijk";
constexpr std::string_view kRedirect = "http://127.0.0.1:7777/callback";

class DemoTest : public ::testing::Test {
 protected:
  DemoTest() { start({.port = 0, .test_control = true}); }
  ~DemoTest() override {
    stop();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  void start(DemoSettings settings) {
    auto demo = Demo::start(context_.get_executor(), logger_, clock_, std::move(settings));
    ASSERT_TRUE(demo.has_value()) << demo.error().detail;
    demo_ = std::move(*demo);
    tasks_ = std::make_unique<TaskGroup>(context_.get_executor(), logger_);
    tasks_->spawn("demo", demo_->run());
  }
  void stop() {
    run(demo_->drain());
    run(tasks_->shutdown());
    demo_.reset();
  }

  /// Drives the context until `work` has ended; the demo goes on serving.
  void run(Task<> work) {
    bool done = false;
    boost::asio::io_context& context = context_;
    TaskGroup driver(context.get_executor(), logger_);
    driver.spawn("test", flag(std::move(work), done));
    context.restart();
    while (!done && context.run_one() != 0) {
    }
    EXPECT_TRUE(done);
    context.poll();
  }
  static Task<> flag(Task<> work, bool& done) {
    co_await std::move(work);
    done = true;
  }

  Result<http::Reply> try_send(http::Request request,
                               std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    Result<http::Reply> reply = fail(Errc::bug, "not sent");
    run(send_into(std::move(request), timeout, reply));
    return reply;
  }
  Task<> send_into(http::Request request, std::chrono::milliseconds timeout,
                   Result<http::Reply>& into) {
    http::SendOptions options;
    options.timeout = timeout;
    into = co_await client_->send(std::move(request), options);
  }
  http::Reply send(http::Request request) {
    auto reply = try_send(std::move(request));
    EXPECT_TRUE(reply.has_value()) << reply.error().detail;
    return reply ? std::move(*reply) : http::Reply{};
  }
  http::Reply get(const std::string& url, http::Headers headers = {}) {
    return send({"GET", url, std::move(headers), {}});
  }
  static http::Request form(std::string url, const FormFields& fields, http::Headers headers = {}) {
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    return {"POST", std::move(url), std::move(headers), form_encode(fields)};
  }
  static http::Request json(std::string url, std::string body) {
    return {"POST", std::move(url), {{"Content-Type", "application/json"}}, std::move(body)};
  }
  static std::string member(const http::Reply& reply, std::string_view name) {
    const auto document = jsonrpc::JsonView::parse(reply.body);
    return document ? document->string(name).value_or("") : std::string();
  }
  static std::string between(std::string_view text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + from.size());
    return std::string(text.substr(0, text.find(to)));
  }

  const DemoUrls& urls() { return demo_->urls(); }

  std::string register_client() {
    return member(send(json(urls().base + "/register",
                            R"({"client_name":"Test","token_endpoint_auth_method":"none",)"
                            R"("grant_types":["authorization_code","refresh_token"],)"
                            R"("redirect_uris":["http://127.0.0.1:7777/callback"]})")),
                  "client_id");
  }

  std::string authorize(const std::string& client, const std::string& resource,
                        const std::string& scope) {
    const FormFields fields{{"response_type", "code"},
                            {"client_id", client},
                            {"redirect_uri", std::string(kRedirect)},
                            {"state", "state"},
                            {"code_challenge", oauth::s256_challenge(kVerifier)},
                            {"code_challenge_method", "S256"},
                            {"scope", scope},
                            {"resource", resource}};
    const auto page = get(urls().base + "/authorize?" + form_encode(fields));
    EXPECT_EQ(page.status, 200) << page.body;
    const std::string cookie = between(page.headers.find("Set-Cookie").value_or(""), "", ";");
    const auto back =
        send(form(urls().base + "/authorize",
                  {{"token", between(page.body, "name=\"token\" value=\"", "\"")}, {"user", "ada"}},
                  {{"Cookie", cookie}}));
    return between(back.headers.find("Location").value_or(""), "code=", "&");
  }

  http::Request code_request(const std::string& client, const std::string& code) {
    return form(urls().base + "/token", {{"grant_type", "authorization_code"},
                                         {"client_id", client},
                                         {"code", code},
                                         {"redirect_uri", std::string(kRedirect)},
                                         {"code_verifier", std::string(kVerifier)}});
  }
  http::Request refresh_request(const std::string& client, const std::string& token) {
    return form(urls().base + "/token",
                {{"grant_type", "refresh_token"}, {"client_id", client}, {"refresh_token", token}});
  }

  http::Reply sign_in(const std::string& client, const std::string& resource,
                      const std::string& scope) {
    return send(code_request(client, authorize(client, resource, scope)));
  }

  static http::Request modern(const std::string& url, std::string_view token, std::string_view tool,
                              std::string_view arguments, std::string_view meta = "") {
    http::Request request = json(
        url,
        fmt::format(
            R"({{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{}","arguments":{},)"
            R"("_meta":{{{}"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
            R"("io.modelcontextprotocol/clientCapabilities":{{}}}}}}}})",
            tool, arguments, meta));
    request.headers.add("MCP-Protocol-Version", "2026-07-28");
    request.headers.add("Mcp-Method", "tools/call");
    request.headers.add("Mcp-Name", tool);
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + std::string(token));
    return request;
  }

  boost::asio::io_context context_{1};
  NullLogger logger_;
  RealClock clock_;
  Workers workers_{1};
  std::unique_ptr<http::Client> client_ = net::make_client(
      context_.get_executor(), workers_, logger_, {.dangerously_allow_http_loopback = true});
  std::unique_ptr<TaskGroup> tasks_;
  std::unique_ptr<Demo> demo_;
  std::filesystem::path directory_;
};

TEST_F(DemoTest, an_unauthenticated_request_is_told_where_to_sign_in) {
  const auto refused = send(modern(urls().notes, "", "whoami", "{}"));
  EXPECT_EQ(refused.status, 401);
  const std::string challenge(refused.headers.find("WWW-Authenticate").value_or(""));
  const std::string metadata = between(challenge, "resource_metadata=\"", "\"");
  EXPECT_EQ(metadata, urls().base + "/.well-known/oauth-protected-resource/notes/mcp");
  const auto resource = get(metadata);
  EXPECT_EQ(member(resource, "resource"), urls().notes);
  EXPECT_THAT(resource.body, HasSubstr("\"authorization_servers\":[\"" + urls().base + "\"]"));
  EXPECT_EQ(member(get(urls().base + "/.well-known/oauth-authorization-server"), "issuer"),
            urls().base);
  EXPECT_EQ(send(modern(urls().notes, "nonsense", "whoami", "{}")).status, 401);
}

TEST_F(DemoTest, after_a_sign_in_tools_work_and_one_needs_more_scope) {
  const std::string client = register_client();
  const auto tokens = sign_in(client, urls().notes, "notes:read notes:write");
  const std::string token = member(tokens, "access_token");
  EXPECT_THAT(send(modern(urls().notes, token, "whoami", "{}")).body, HasSubstr("You are Ada"));
  EXPECT_THAT(
      send(modern(urls().notes, token, "create_note", R"({"title":"T","tags":["x"]})")).body,
      HasSubstr("Wrote note-5"));
  EXPECT_THAT(
      send(modern(urls().notes, token, "search_notes", R"({"query":"STARTER flour"})")).body,
      HasSubstr("Sourdough"));
  EXPECT_THAT(send(modern(urls().notes, token, "search_notes", R"({"query":7})")).body,
              HasSubstr("must be a string"));
  const auto refused = send(modern(urls().notes, token, "delete_note", R"({"id":"note-5"})"));
  EXPECT_EQ(refused.status, 403);
  const std::string challenge(refused.headers.find("WWW-Authenticate").value_or(""));
  EXPECT_THAT(challenge, HasSubstr("error=\"insufficient_scope\", scope=\"notes:delete\""));
  const auto more = sign_in(client, urls().notes, "notes:read notes:write notes:delete");
  EXPECT_THAT(
      send(modern(urls().notes, member(more, "access_token"), "delete_note", R"({"id":"note-5"})"))
          .body,
      HasSubstr("Deleted note-5"));
}

TEST_F(DemoTest, a_token_is_good_for_one_resource_only) {
  const std::string client = register_client();
  const auto tokens = sign_in(client, urls().issues, "issues:read");
  EXPECT_EQ(send(modern(urls().notes, member(tokens, "access_token"), "whoami", "{}")).status, 401);
}

TEST_F(DemoTest, the_issues_speak_the_legacy_era) {
  const std::string client = register_client();
  const std::string token =
      "Bearer " +
      member(sign_in(client, urls().issues, "issues:read issues:write"), "access_token");
  auto initialize = json(
      urls().issues,
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})");
  initialize.headers.add("Authorization", token);
  const auto opened = send(initialize);
  EXPECT_EQ(opened.status, 200) << opened.body;
  auto call = json(
      urls().issues,
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"close_issue","arguments":{"number":1,"reason":"duplicate"}}})");
  call.headers.add("Authorization", token);
  call.headers.add("Mcp-Session-Id", opened.headers.find("Mcp-Session-Id").value_or(""));
  EXPECT_THAT(send(call).body, HasSubstr("closed as duplicate"));
  EXPECT_EQ(send(modern(urls().issues, token.substr(7), "whoami", "{}")).status, 400);
}

TEST_F(DemoTest, the_open_server_calculates_and_reports_progress) {
  const std::string& url = urls().tools;
  EXPECT_THAT(send(modern(url, "", "calculate", R"({"expression":"2 * (3 + 4)^2 - -1"})")).body,
              HasSubstr(R"("structuredContent":{"value":99})"));
  EXPECT_THAT(send(modern(url, "", "calculate", R"({"expression":"(1"})")).body,
              HasSubstr("not closed at character 3"));
  const auto counted =
      send(modern(url, "", "countdown", R"({"from":2,"tick_ms":1})", R"("progressToken":"p",)"));
  EXPECT_EQ(counted.headers.find("Content-Type"), "text/event-stream");
  EXPECT_THAT(counted.body, HasSubstr(R"("progressToken":"p","progress":1,"total":2)"));
  EXPECT_THAT(counted.body, HasSubstr("Lift-off!"));
}

TEST_F(DemoTest, strangers_names_and_origins_are_refused) {
  auto request = modern(urls().tools, "", "whoami", "{}");
  request.headers.add("Origin", "http://evil.example");
  EXPECT_EQ(send(request).status, 403);
  request.headers.set("Origin", urls().base);
  EXPECT_EQ(send(request).status, 200);
  EXPECT_EQ(
      Demo::start(context_.get_executor(), logger_, clock_, {.address = "0.0.0.0"}).error().code,
      Errc::invalid_argument);
}

TEST_F(DemoTest, a_client_can_be_its_metadata_document) {
  struct Document final : http::Handler {
    Task<> handle(http::Exchange& exchange) override {
      ++fetched;
      http::Response response{200, {{"Content-Type", "application/json"}}, body};
      co_await exchange.respond(std::move(response));
    }
    std::string body;
    int fetched = 0;
  } document;
  auto server = net::HttpServer::listen(context_.get_executor(), logger_, {}, document);
  ASSERT_TRUE(server.has_value());
  tasks_->spawn("documents", (*server)->run());
  const std::string id = "http://" + (*server)->authority() + "/client.json";
  document.body = R"({"client_id":")" + id +
                  R"(","client_name":"Doc","redirect_uris":["http://127.0.0.1/callback"],)"
                  R"("grant_types":["authorization_code","refresh_token"]})";
  const auto tokens = sign_in(id, urls().notes, "notes:read");
  EXPECT_NE(member(tokens, "refresh_token"), "");
  EXPECT_EQ(document.fetched, 1);
  document.body =
      R"({"client_id":"http://other/client.json","redirect_uris":["http://127.0.0.1/callback"]})";
  const auto refused = get(urls().base + "/authorize?client_id=" + percent_encode(id + "2"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("not its own URL"));
  run((*server)->drain());
}

TEST_F(DemoTest, every_step_can_fail_before_and_after_its_work) {
  const std::string client = register_client();
  const auto tokens = sign_in(client, urls().notes, "notes:read");
  const std::string refresh = member(tokens, "refresh_token");

  demo_->faults().add({Step::token, FaultKind::error});
  EXPECT_EQ(send(refresh_request(client, refresh)).status, 503);

  demo_->faults().add({Step::token, FaultKind::drop});
  const auto dropped = try_send(refresh_request(client, refresh));
  EXPECT_EQ(dropped.error().code, Errc::outcome_unknown) << dropped.error().detail;
  EXPECT_EQ(demo_->counters().refresh_tokens_consumed, 0u);

  demo_->faults().add({Step::token, FaultKind::stall});
  const auto stalled = try_send(refresh_request(client, refresh), std::chrono::milliseconds(50));
  EXPECT_FALSE(stalled.has_value());
  EXPECT_EQ(demo_->counters().refresh_tokens_consumed, 0u);

  demo_->faults().add({Step::token, FaultKind::lost, 1});
  const auto next = send(refresh_request(client, refresh));
  EXPECT_EQ(next.status, 200);
  const auto lost = try_send(refresh_request(client, member(next, "refresh_token")));
  EXPECT_EQ(lost.error().code, Errc::outcome_unknown);
  EXPECT_EQ(demo_->counters().refresh_tokens_consumed, 2u);
  EXPECT_TRUE(demo_->faults().empty());
  EXPECT_EQ(demo_->faults().failed(), 4u);
  const auto reused = send(refresh_request(client, member(next, "refresh_token")));
  EXPECT_EQ(member(reused, "error"), "invalid_grant");
}

TEST_F(DemoTest, another_process_controls_it_over_http) {
  const auto set = send(json(
      urls().control,
      R"({"clear":true,"fail":{"step":"mcp","kind":"error","count":1},"access_token_seconds":0})"));
  EXPECT_EQ(set.status, 200) << set.body;
  EXPECT_THAT(set.body, HasSubstr("\"pending\":true"));
  EXPECT_EQ(send(modern(urls().tools, "", "whoami", "{}")).status, 503);
  const auto tokens = sign_in(register_client(), urls().notes, "notes:read");
  EXPECT_EQ(send(modern(urls().notes, member(tokens, "access_token"), "whoami", "{}")).status, 401);
  EXPECT_THAT(get(urls().control).body, HasSubstr("\"access_tokens_issued\":1"));
  EXPECT_EQ(send(json(urls().control, R"({"fail":{"step":"x"}})")).status, 400);
  EXPECT_EQ(send(json(urls().control, R"({"unknown":1})")).status, 400);
  stop();
  start({.port = 0});
  EXPECT_EQ(urls().control, "");
  EXPECT_EQ(get(urls().base + "/test-control").status, 404);
  EXPECT_THAT(get(urls().base + "/").body, HasSubstr(urls().notes));
}

TEST_F(DemoTest, with_a_directory_sign_ins_outlive_a_restart) {
  stop();
  directory_ = std::filesystem::temp_directory_path() / ("gatehouse-demo-" + random_token(8));
  start({.port = 0, .directory = directory_});
  const std::uint16_t port =
      static_cast<std::uint16_t>(std::stoi(urls().base.substr(urls().base.rfind(':') + 1)));
  const std::string client = register_client();
  const auto tokens = sign_in(client, urls().notes, "notes:read");
  stop();
  start({.port = port, .directory = directory_});
  EXPECT_EQ(send(modern(urls().notes, member(tokens, "access_token"), "whoami", "{}")).status, 200);
  EXPECT_EQ(send(refresh_request(client, member(tokens, "refresh_token"))).status, 200);
}

}  // namespace
}  // namespace gatehouse::demo
