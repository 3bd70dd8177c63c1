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

}  // namespace
}  // namespace gatehouse::mcp_server
