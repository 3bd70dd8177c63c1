#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/elicitation.hpp"
#include "mcp/input_required.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/tool.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::mcp {
namespace {

TEST(Versions, choose_what_both_sides_speak) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(choose_modern_version(Names{"2099-01-01", "2026-07-28"}), "2026-07-28");
  EXPECT_EQ(choose_modern_version(Names{"2025-11-25"}), std::nullopt);
  EXPECT_EQ(negotiate_legacy_version("2025-06-18"), "2025-06-18");
  EXPECT_EQ(negotiate_legacy_version("2026-07-28"), "2025-11-25");
}

TEST(Capabilities, an_empty_elicitation_means_form) {
  const auto plain = parse_client_capabilities(R"({"elicitation":{}})");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->elicitation_form);
  EXPECT_FALSE(plain->elicitation_url);
  const auto url = parse_client_capabilities(R"({"elicitation":{"url":{}},"x":1})");
  EXPECT_FALSE(url->elicitation_form);
  EXPECT_TRUE(url->elicitation_url);
  EXPECT_EQ(url->raw, R"({"elicitation":{"url":{}},"x":1})");
  EXPECT_FALSE(parse_client_capabilities(R"({"elicitation":true})"));
  EXPECT_FALSE(parse_client_capabilities("[]"));
}

TEST(Capabilities, allow_only_what_was_declared) {
  const ClientCapabilities form = make_client_capabilities(true, false);
  EXPECT_TRUE(allows(form, "elicitation/create", R"({"message":"m"})"));
  EXPECT_FALSE(allows(form, "elicitation/create", R"({"mode":"url"})"));
  EXPECT_FALSE(allows(form, "roots/list", ""));
  EXPECT_FALSE(allows(form, "tools/call", ""));
}

TEST(HeaderValue, is_encoded_only_when_it_must_be) {
  EXPECT_EQ(encode_header_value("us-west1"), "us-west1");
  EXPECT_EQ(encode_header_value(""), "");
  EXPECT_EQ(encode_header_value("a b\tc"), "a b\tc");
  EXPECT_EQ(encode_header_value(" padded "), "=?base64?IHBhZGRlZCA=?=");
  EXPECT_EQ(encode_header_value("\xE6\x97\xA5"), "=?base64?5pel?=");
  EXPECT_EQ(encode_header_value("line\nbreak"), "=?base64?bGluZQpicmVhaw==?=");
  EXPECT_EQ(encode_header_value("=?base64?x?="), "=?base64?PT9iYXNlNjQ/eD89?=");
}

TEST(HeaderValue, is_decoded_strictly) {
  EXPECT_EQ(decode_header_value("=?base64?5pel?="), "\xE6\x97\xA5");
  EXPECT_EQ(decode_header_value("=?BASE64?5pel?="), "=?BASE64?5pel?=");
  EXPECT_EQ(decode_header_value("=?base64?5pel"), "=?base64?5pel");
  EXPECT_EQ(decode_header_value("  x "), "x");
  EXPECT_FALSE(decode_header_value("=?base64?5pe?="));
  EXPECT_FALSE(decode_header_value("=?base64?/w==?="));
}

TEST(HeaderPlan, reads_annotations_behind_properties_only) {
  const auto plan = parse_header_plan(
      R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},)"
      R"("o":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"Method"}}},)"
      R"("x-mcp-header":{"type":"number"}}})");
  ASSERT_TRUE(plan) << plan.error().detail;
  ASSERT_EQ(plan->parameters.size(), 2U);
  EXPECT_EQ(plan->parameters[0].header, "Mcp-Param-Region");
  EXPECT_EQ(plan->parameters[1].path, (std::vector<std::string>{"o", "n"}));
}

TEST(HeaderPlan, refuses_what_breaks_the_rules) {
  const auto one = [](std::string_view property) {
    return parse_header_plan(R"({"properties":{"a":)" + std::string(property) + "}}").has_value();
  };
  EXPECT_TRUE(one(R"({"type":"boolean","x-mcp-header":"A"})"));
  for (const char* property :
       {R"({"type":"string","x-mcp-header":""})", R"({"type":"object","x-mcp-header":"A"})",
        R"({"type":"array","x-mcp-header":"A"})", R"({"type":"null","x-mcp-header":"A"})",
        R"({"type":"number","x-mcp-header":"A"})", R"({"type":"string","x-mcp-header":"A B"})",
        R"({"type":"string","x-mcp-header":"A:"})", R"({"type":"string","x-mcp-header":"\u00e9"})",
        R"({"type":"string","x-mcp-header":"A\u0007"})", R"({"type":"string","x-mcp-header":1})",
        R"({"type":["string","null"],"x-mcp-header":"A"})",
        R"({"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"})",
        R"({"anyOf":[{"type":"string","x-mcp-header":"A"}]})",
        R"({"type":"array","items":{"type":"string","x-mcp-header":"A"}})",
        R"({"\u0078-mcp-header":"A B","type":"string"})"}) {
    EXPECT_FALSE(one(property)) << property;
  }
  EXPECT_FALSE(parse_header_plan(R"({"x-mcp-header":"A","type":"string"})"));
}

TEST(ParamHeaders, mirror_what_is_present) {
  const auto plan = parse_header_plan(
      R"({"properties":{"s":{"type":"string","x-mcp-header":"S"},"i":{"type":"integer",)"
      R"("x-mcp-header":"I"},"b":{"type":"boolean","x-mcp-header":"B"},"n":{"type":"string",)"
      R"("x-mcp-header":"N"},"e":{"type":"string","x-mcp-header":"E"}}})");
  ASSERT_TRUE(plan);
  const auto headers =
      make_param_headers(*plan, R"({"b":false,"s":"caf\u00e9","i":42.0,"n":null,"e":"","x":1})");
  ASSERT_EQ(headers.size(), 4U);
  EXPECT_EQ(headers[0].name, "Mcp-Param-S");
  EXPECT_EQ(headers[0].value, "=?base64?Y2Fmw6k=?=");
  EXPECT_EQ(headers[1].value, "42");
  EXPECT_EQ(headers[2].value, "false");
  EXPECT_EQ(headers[3].value, "");
  EXPECT_TRUE(make_param_headers(*plan, "").empty());
}

TEST(ParamHeaders, compare_by_meaning) {
  EXPECT_TRUE(header_matches("42", "42.0"));
  EXPECT_TRUE(header_matches("=?base64?Y2Fmw6k=?=", R"("caf\u00e9")"));
  EXPECT_TRUE(header_matches("true", "true"));
  EXPECT_FALSE(header_matches("True", "true"));
  EXPECT_FALSE(header_matches("43", "42"));
  EXPECT_FALSE(header_matches("0x2A", "42"));
  EXPECT_FALSE(header_matches("=?base64?!?=", "\"x\""));
}

TEST(ToolPage, keeps_definitions_raw_and_drops_bad_ones) {
  const std::string good =
      R"({"name":"g","inputSchema":{"type":"object","$comment":1.0},"annotations":{"readOnlyHint":true,"title":"T"}})";
  const std::string raw =
      R"({"tools":[)" + good +
      R"(,{"name":"b","inputSchema":{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}},{"name":"c"},{}],)"
      R"("nextCursor":"","ttlMs":-5,"cacheScope":"public"})";
  const auto page = parse_tool_page(raw, HeaderRules::apply);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->tools.size(), 1U);
  EXPECT_EQ(page->tools[0].raw, good);
  EXPECT_EQ(page->tools[0].title, "T");
  EXPECT_EQ(page->tools[0].annotations.read_only, true);
  ASSERT_EQ(page->dropped.size(), 3U);
  EXPECT_EQ(page->dropped[0].name, "b");
  EXPECT_EQ(page->next_cursor, "");
  EXPECT_EQ(page->cache.ttl_ms, 0);
  EXPECT_EQ(page->cache.scope, CacheScope::public_);
  EXPECT_EQ(parse_tool_page(raw, HeaderRules::ignore)->tools.size(), 2U);
  EXPECT_FALSE(parse_tool_page(R"({"tools":{}})", HeaderRules::apply));
}

TEST(InputRequired, echoes_the_state_byte_for_byte) {
  const std::string raw =
      R"({"resultType":"input_required","requestState":"a\u002fb\/","inputRequests":)"
      R"({"k":{"method":"elicitation/create","params":{"message":"?"}},"r":{"method":"roots/list"}}})";
  EXPECT_EQ(result_type(raw), ResultType::input_required);
  const auto asked = parse_input_required(raw);
  ASSERT_TRUE(asked);
  ASSERT_EQ(asked->requests.size(), 2U);
  EXPECT_EQ(asked->requests[1].params, "");
  EXPECT_EQ(make_retry_members(*asked, {{"k", R"({"action":"accept"})"}}),
            R"(,"inputResponses":{"k":{"action":"accept"}},"requestState":"a\u002fb\/")");
}

TEST(InputRequired, invents_nothing) {
  const auto stateless = parse_input_required(
      R"({"resultType":"input_required","inputRequests":{"k":{"method":"roots/list"}}})");
  EXPECT_EQ(make_retry_members(*stateless, {{"k", "{}"}}), R"(,"inputResponses":{"k":{}})");
  const auto bare = parse_input_required(R"({"requestState":"s"})");
  EXPECT_EQ(make_retry_members(*bare, {}), R"(,"requestState":"s")");
  EXPECT_FALSE(parse_input_required(R"({"resultType":"input_required"})"));
  EXPECT_FALSE(parse_input_required(R"({"requestState":1})"));
  EXPECT_EQ(result_type("{}"), ResultType::complete);
  EXPECT_EQ(result_type(R"({"resultType":"magic"})"), ResultType::unknown);
}

TEST(Elicitation, fills_defaults_for_what_the_person_left_open) {
  const auto asked = parse_elicitation(
      R"({"message":"who?","requestedSchema":{"type":"object","required":["name"],"properties":{)"
      R"("name":{"type":"string","default":"John"},"age":{"type":"integer","default":30},)"
      R"("status":{"type":"string","enum":["a","b"],"enumNames":["A","B"],"default":"a"},)"
      R"("tags":{"type":"array","items":{"anyOf":[{"const":"x","title":"X"}]},"default":["x"]},)"
      R"("free":{"type":"string"}}}})");
  ASSERT_TRUE(asked);
  ASSERT_EQ(asked->fields.size(), 5U);
  EXPECT_TRUE(asked->fields[0].required);
  EXPECT_EQ(asked->fields[2].type, ElicitationField::Type::choice);
  EXPECT_EQ(asked->fields[2].options[1].second, "B");
  EXPECT_EQ(asked->fields[3].options[0].second, "X");
  EXPECT_EQ(make_accept(*asked, R"({"age":7})"),
            R"({"action":"accept","content":{"age":7,"name":"John","status":"a","tags":["x"]}})");
}

TEST(Elicitation, url_mode_needs_a_url) {
  EXPECT_EQ(parse_elicitation(R"({"mode":"url","message":"m","url":"https://a/"})")->url,
            "https://a/");
  EXPECT_FALSE(parse_elicitation(R"({"mode":"url","message":"m"})"));
  EXPECT_FALSE(parse_elicitation(R"({"mode":"magic"})"));
  EXPECT_FALSE(parse_elicitation(R"({"message":"m"})"));
}

TEST(HeaderPlan, mirrors_no_more_parameters_than_a_request_has_room_for) {
  std::string schema = R"({"properties":{)";
  for (int i = 0; i < 100'000; ++i) {
    const std::string name = std::to_string(i);
    schema +=
        (i == 0 ? "\"p" : ",\"p") + name + R"(":{"type":"string","x-mcp-header":"P)" + name + "\"}";
  }
  EXPECT_FALSE(parse_header_plan(schema + "}}"));
}

}  // namespace
}  // namespace gatehouse::mcp
