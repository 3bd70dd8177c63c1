#include "mcp_server/answer.hpp"

#include <gtest/gtest.h>

#include "jsonrpc/message.hpp"

namespace gatehouse::mcp_server {
namespace {

std::string answer_of(mcp::Era era, std::string raw) {
  const Reply::Result result{{}, mcp::RawJson(std::move(raw))};
  return Answer(AnswerContext{era, "7", "tools/call", R"({"name":"x"})", {}}, result).text();
}

TEST(Answer, stays_one_message_whatever_the_spliced_result_is) {
  for (const char* raw : {"5", "{}", "{ }", "[1,2]", "\"text\"", "null", "\n{\"a\":1}",
                          R"({"resultType":"complete"})"}) {
    for (const mcp::Era era : {mcp::Era::modern, mcp::Era::legacy}) {
      const std::string text = answer_of(era, raw);
      const auto message = jsonrpc::prove(text);
      ASSERT_TRUE(message) << text;
      EXPECT_EQ(message->id, "7");
    }
  }
}

TEST(Answer, refuses_to_splice_a_result_that_is_no_object) {
  EXPECT_NE(answer_of(mcp::Era::modern, "5").find("\"error\""), std::string::npos);
  EXPECT_NE(answer_of(mcp::Era::legacy, "[]").find("\"error\""), std::string::npos);
}

TEST(Answer, keeps_the_caching_hints_of_the_service_and_is_private_without) {
  const auto read = [](std::string_view members) {
    const Reply::Result result{std::string(members), {}};
    return Answer(AnswerContext{mcp::Era::modern, "7", "resources/read", {}, {}}, result).text();
  };
  EXPECT_NE(read(R"("contents":[])").find(R"("ttlMs":0,"cacheScope":"private")"),
            std::string::npos);
  const std::string kept = read(R"("contents":[],"ttlMs":5,"cacheScope":"public")");
  EXPECT_EQ(kept.find("private"), std::string::npos);
  EXPECT_NE(kept.find(R"("ttlMs":5,"cacheScope":"public")"), std::string::npos);
  EXPECT_NE(read(R"("contents":[],"ttlMs":5)").find(R"("cacheScope":"private")"),
            std::string::npos);
  EXPECT_EQ(read(R"("resultType":"input_required","inputRequests":{})").find("cacheScope"),
            std::string::npos)
      << "only complete results may be kept";
}

}  // namespace
}  // namespace gatehouse::mcp_server
