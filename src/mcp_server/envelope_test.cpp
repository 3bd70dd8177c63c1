#include "mcp_server/envelope.hpp"

#include <gtest/gtest.h>

#include "mcp/error_codes.hpp"

namespace gatehouse::mcp_server {
namespace {

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},)"
    R"("count":{"type":"integer","x-mcp-header":"Count"},"note":{"type":"string"}}})";

std::optional<Reply::Failure> check(std::string_view arguments, const http::Headers& headers) {
  const auto plan = mcp::parse_header_plan(kSchema);
  EXPECT_TRUE(plan.has_value());
  return check_param_headers(*plan, arguments, headers);
}

TEST(ParamHeaderCheck, takes_headers_that_mean_what_the_arguments_say) {
  EXPECT_FALSE(check(R"({"region":"eu","count":42.0,"note":"x"})",
                     {{"mcp-param-region", " eu "}, {"Mcp-Param-Count", "42"}}));
  EXPECT_FALSE(check(R"({"region":"café"})", {{"Mcp-Param-Region", "=?base64?Y2Fmw6k=?="}}));
  EXPECT_FALSE(check(R"({"region":"=?base64?x"})", {{"Mcp-Param-Region", "=?base64?x"}}))
      << "half a sentinel is literal";
}

TEST(ParamHeaderCheck, leaves_out_what_is_absent_or_null) {
  EXPECT_FALSE(check("", {}));
  EXPECT_FALSE(check(R"({"region":null})", {}));
  EXPECT_FALSE(check(R"({"note":"x"})", {{"Mcp-Param-Other", "y"}})) << "unknown ones pass";
}

TEST(ParamHeaderCheck, refuses_what_is_missing_differs_or_is_malformed) {
  const http::Headers none;
  const http::Headers other{{"Mcp-Param-Region", "us"}};
  const http::Headers bad{{"Mcp-Param-Region", "=?base64?Y2Fmw6k?="}};
  for (const http::Headers& headers : {none, other, bad}) {
    const auto failure = check(R"({"region":"eu"})", headers);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code, mcp::kHeaderMismatch);
    EXPECT_EQ(http_status_of(*failure), 400);
  }
  EXPECT_TRUE(check("{}", other)) << "a header without its argument";
}

}  // namespace
}  // namespace gatehouse::mcp_server
