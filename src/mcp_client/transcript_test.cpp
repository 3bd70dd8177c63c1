// Plays tests/transcripts/*.jsonl: what is sent is compared, what is answered leads on.
#include <filesystem>
#include <fstream>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "fakes/scripted_http.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"
#include "mcp_client/connect.hpp"

namespace gatehouse::mcp_client {
namespace {

using jsonrpc::JsonView;

class FixedInteraction final : public Interaction {
 public:
  explicit FixedInteraction(std::string answer) : answer_(std::move(answer)) {}
  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view, std::string_view) override {
    co_return answer_;
  }

 private:
  mcp::ClientCapabilities capabilities_ = mcp::make_client_capabilities(true, false);
  std::string answer_;
};

class Player final {
 public:
  explicit Player(std::vector<std::string> lines) : lines_(std::move(lines)) {}

  Task<> play(Executor executor) {
    TaskGroup tasks(executor, log_);
    for (at_ = 0; at_ < lines_.size(); ++at_) {
      const JsonView line = JsonView::of_proved(lines_[at_]);
      SCOPED_TRACE("line " + std::to_string(at_ + 1) + ": " + lines_[at_]);
      script_exchanges();
      if (const auto open = line.find("open")) {
        co_await this->open(*open, tasks);
      } else if (const auto call = line.find("call")) {
        co_await this->call(*call);
      } else if (line.find("close")) {
        co_await peer_->close();
      } else {
        judge(line);
      }
      EXPECT_TRUE(line.find("prose") || http_.done()) << http_.left() << " requests were not sent";
    }
    peer_.reset();
    co_await tasks.shutdown();
  }

 private:
  /// The sent/reply pairs after this line belong to it.
  void script_exchanges() {
    while (at_ + 2 < lines_.size() + 0) {
      const JsonView next = JsonView::of_proved(lines_[at_ + 1]);
      const auto sent = next.find("sent");
      if (!sent) return;
      const auto reply = JsonView::of_proved(lines_[at_ + 2]).find("reply");
      http_.add(std::string(sent->raw()), std::string(reply->raw()));
      lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                   lines_.begin() + static_cast<std::ptrdiff_t>(at_) + 3);
    }
  }

  Task<> open(const JsonView& how, TaskGroup& tasks) {
    peer_.reset();
    HttpTarget target;
    target.url = "https://server.example/mcp";
    if (how.string("known") == "http+sse") {
      target.known = {mcp::Era::legacy, "2024-11-05", HttpTransport::http_with_sse};
    }
    if (how.boolean("elicitation").value_or(false)) {
      target.capabilities = mcp::make_client_capabilities(true, false);
    }
    auto opened = co_await open_http(std::move(target), Parts{http_, tasks, log_, clock_});
    failure_.reset();
    answer_.reset();
    if (!opened) {
      failure_ = opened.error();
      co_return;
    }
    if (opened->refusal) answer_ = *opened->refusal;
    peer_ = std::move(opened->peer);
    verdict_ = opened->verdict;
  }

  Task<> call(const JsonView& how) {
    const std::string method = how.string("method").value_or("");
    const std::string name = how.string("name").value_or("");
    std::string params;
    if (const auto given = how.find("params")) {
      params = std::string(given->raw().substr(1, given->raw().size() - 2));
    }
    mcp::Request request;
    request.method = method;
    request.name = name;
    if (!params.empty()) request.params.push_back(params);
    std::optional<FixedInteraction> interaction;
    if (const auto answers = how.find("answers")) interaction.emplace(std::string(answers->raw()));
    auto answer = co_await peer_->request(request, interaction ? &*interaction : nullptr);
    failure_.reset();
    answer_.reset();
    if (answer) {
      answer_ = std::move(*answer);
    } else {
      failure_ = answer.error();
    }
  }

  void judge(const JsonView& line) {
    if (line.find("prose")) return;
    if (const auto fails = line.string("fails")) {
      ASSERT_TRUE(failure_);
      EXPECT_EQ(to_string(failure_->code), *fails) << failure_->detail;
      return;
    }
    EXPECT_FALSE(failure_) << failure_->detail;
    if (const auto opened = line.find("opened")) return judge_opened(*opened);
    ASSERT_TRUE(answer_);
    if (const auto status = line.integer("refused")) {
      const auto* refusal = std::get_if<mcp::HttpRefusal>(&*answer_);
      ASSERT_TRUE(refusal);
      EXPECT_EQ(refusal->status, *status);
      EXPECT_EQ(refusal->challenges.size(), 1U);
    } else if (const auto code = line.integer("rpc_error")) {
      const auto* error = std::get_if<mcp::RpcError>(&*answer_);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->code, *code);
    } else if (const auto expected = line.find("answer")) {
      const auto* success = std::get_if<mcp::Success>(&*answer_);
      ASSERT_TRUE(success);
      EXPECT_TRUE(fakes::is_part_of(*expected, JsonView::of_proved(success->result.view())))
          << success->result.view();
    }
  }

  void judge_opened(const JsonView& expected) {
    ASSERT_TRUE(peer_);
    const ServerInfo& info = peer_->info();
    EXPECT_EQ(expected.string("era"), info.era == mcp::Era::modern ? "modern" : "legacy");
    if (const auto version = expected.string("version")) EXPECT_EQ(*version, info.protocol_version);
    if (const auto name = expected.string("name")) EXPECT_EQ(*name, info.name);
    if (const auto transport = expected.string("transport")) {
      const bool sse = verdict_.transport == HttpTransport::http_with_sse;
      EXPECT_EQ(*transport, sse ? "http+sse" : "streamable");
    }
    if (const auto text = expected.string("instructions")) EXPECT_EQ(*text, info.instructions);
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  fakes::ScriptedHttp http_;
  NullLogger log_;
  RealClock clock_;
  std::unique_ptr<Peer> peer_;
  EraVerdict verdict_;
  std::optional<Error> failure_;
  std::optional<mcp::Answer> answer_;
};

class Transcript : public testing::TestWithParam<const char*> {};

TEST_P(Transcript, plays_as_written) {
  std::ifstream file(std::string(GATEHOUSE_TESTS_DIR) + "/transcripts/" + GetParam() + ".jsonl");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    const auto view = JsonView::parse(line, "a transcript's line");
    ASSERT_TRUE(view) << view.error().detail << "\n" << line;
    lines.push_back(line);
  }
  ASSERT_FALSE(lines.empty());
  boost::asio::io_context context;
  Player player(std::move(lines));
  run_to_end(context, player.play(context.get_executor()));
}

INSTANTIATE_TEST_SUITE_P(Http, Transcript,
                         testing::Values("modern_http", "modern_version_retry", "legacy_http",
                                         "legacy_2025_03_26", "era_evidence", "http_with_sse",
                                         "http_with_sse_refusals", "legacy_version_refused"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace gatehouse::mcp_client
