// The rounds of a modern request: done here, relayed, or both.
#include "mcp_client/mrtr.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "async/run.hpp"
#include "mcp/capabilities.hpp"

namespace gatehouse::mcp_client {
namespace {

class ScriptedRounds final : public RoundTrip {
 public:
  explicit ScriptedRounds(std::deque<std::string> results) : results_(std::move(results)) {}
  Task<Result<Answered>> exchange(const mcp::Request& request, std::string_view,
                                  std::string_view extra_members) override {
    std::string params;
    for (const std::string_view piece : request.params) params += piece;
    sent.push_back(params + std::string(extra_members));
    std::string body = jsonrpc::make_result("1", results_.front());
    results_.pop_front();
    const auto message = jsonrpc::prove(body);
    co_return make_answered(*message, std::move(body));
  }
  std::vector<std::string> sent;

 private:
  std::deque<std::string> results_;
};

/// Relays what it is asked but roots.
class RelayWithRoots final : public Interaction {
 public:
  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view, std::string_view) override {
    co_return R"({"roots":[]})";
  }
  bool relays_input_required() const override { return true; }
  bool keeps(std::string_view method) const override { return method == "roots/list"; }

 private:
  mcp::ClientCapabilities capabilities_ = mcp::make_client_capabilities(true, false, false, true);
};

constexpr std::string_view kRoots = R"("r":{"method":"roots/list","params":{}})";
constexpr std::string_view kForm =
    R"("f":{"method":"elicitation/create","params":{"message":"?"}})";

std::string asks(std::string_view requests) {
  return R"({"resultType":"input_required","inputRequests":{)" + std::string(requests) +
         R"(},"requestState":"s","_meta":{"x/y":1}})";
}

mcp::Request request_of(const std::string& params) {
  mcp::Request request;
  request.method = "tools/call";
  request.params = {params};
  return request;
}

std::string run(ScriptedRounds& rounds, const std::string& params, Interaction* interaction) {
  boost::asio::io_context context;
  const mcp::Request request = request_of(params);
  auto answer = run_to_end(context, run_rounds(rounds, request, interaction));
  if (!answer) return std::string(to_string(answer.error().code));
  return std::string(std::get<mcp::Success>(*answer).result.view());
}

TEST(RunRounds, questions_that_are_kept_are_answered_here_although_rounds_are_relayed) {
  ScriptedRounds rounds({asks(kRoots), R"({"done":1})"});
  RelayWithRoots relay;
  const std::string mine = R"("name":"x","inputResponses":{"f":{}},"requestState":"old")";
  EXPECT_EQ(run(rounds, mine, &relay), R"({"done":1})");
  EXPECT_EQ(rounds.sent[0], mine) << "the requester's own round";
  EXPECT_EQ(rounds.sent[1], R"("name":"x","inputResponses":{"r":{"roots":[]}},"requestState":"s")");
}

TEST(RunRounds, the_others_are_relayed_without_them) {
  ScriptedRounds rounds({asks(std::string(kForm) + "," + std::string(kRoots))});
  RelayWithRoots relay;
  EXPECT_EQ(run(rounds, "", &relay), asks(kForm));
  ScriptedRounds alone({asks(kForm)});
  EXPECT_EQ(run(alone, "", &relay), asks(kForm));
}

TEST(RunRounds, results_of_extensions_pass_where_the_requester_declared_them) {
  const std::string task = R"({"resultType":"task","taskId":"t"})";
  mcp::ClientCapabilities declared;
  declared.raw = R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})";
  boost::asio::io_context context;
  mcp::Request request = request_of("");
  request.capabilities = &declared;
  ScriptedRounds agreed({task});
  const auto answer = run_to_end(context, run_rounds(agreed, request, nullptr));
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<mcp::Success>(*answer).result.view(), task);
  ScriptedRounds not_agreed({task});
  EXPECT_EQ(run(not_agreed, "", nullptr), "protocol");
}

}  // namespace
}  // namespace gatehouse::mcp_client
