#include "jsonrpc/json.hpp"

#include "jsonrpc/message.hpp"

namespace gatehouse::jsonrpc {
namespace {

bool reads(std::string_view text) {
  return JsonView::parse(text).has_value();
}

TEST(JsonView, accepts_what_rfc_8259_allows) {
  for (const char* text : {"null", " true ", "-0", "0.5e+10", "\"\\u00e9\\/\"", "[]", "{}",
                           "[1,[2,{\"a\":[]}]]", "{\"a\":1,\"b\":{\"a\":1}}", "\"\xC3\xA9\""}) {
    EXPECT_TRUE(reads(text)) << text;
  }
}

TEST(JsonView, refuses_what_looks_like_json) {
  for (const char* text :
       {"",    " ",       "{\"x\":1]",   "[1,]",   "{,}",          "{\"a\":1,}",
        "01",  "1.",      ".5",          "+1",     "1e",           "-",
        "nul", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"",
        "1 2", "{} x",    "{\"a\" 1}",   "[1 2]",  "\"open",       "\xEF\xBB\xBFnull",
        "'a'", "{a:1}",   "NaN"}) {
    EXPECT_FALSE(reads(text)) << text;
  }
}

TEST(JsonView, refuses_a_name_that_occurs_twice_however_it_is_written) {
  EXPECT_FALSE(reads(R"({"a":1,"a":2})"));
  EXPECT_FALSE(reads(R"({"a":1,"\u0061":2})"));
  EXPECT_FALSE(reads(R"({"x":{"a":1,"b":[{"c":1,"c":2}]}})"));
  EXPECT_TRUE(reads(R"({"a":{"a":{"a":1}},"A":1})"));
}

TEST(JsonView, finds_a_repeated_name_in_large_objects_too) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(reads(text + "\"z\":0}"));
  EXPECT_FALSE(reads(text + "\"k17\":0}"));
}

TEST(JsonView, bounds_the_depth) {
  const std::string ok = std::string(64, '[') + std::string(64, ']');
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  EXPECT_TRUE(reads(ok));
  const auto refused = JsonView::parse(deep);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::too_large);
}

TEST(JsonView, walks_members_and_elements) {
  const auto view = JsonView::parse(
      R"( { "n" : 9007199254740993 , "s":"a\"}]b", "o":{"x":[1,2]}, "\u0065":null } )");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->size(), 4U);
  EXPECT_EQ(view->find("n")->raw(), "9007199254740993");
  EXPECT_EQ(view->integer("n"), 9007199254740993);
  EXPECT_EQ(view->string("s"), "a\"}]b");
  EXPECT_TRUE(view->find("e")->is_null());
  EXPECT_FALSE(view->find("x"));
  std::vector<std::string> found;
  const JsonView inner = *view->find("o")->find("x");
  for (const JsonView& element : inner.elements()) found.emplace_back(element.raw());
  EXPECT_EQ(found, (std::vector<std::string>{"1", "2"}));
}

TEST(JsonView, reads_integers_by_value) {
  EXPECT_EQ(JsonView::parse("42.0")->as_int(), 42);
  EXPECT_EQ(JsonView::parse("4.2e1")->as_int(), 42);
  EXPECT_FALSE(JsonView::parse("4.25")->as_int());
  EXPECT_FALSE(JsonView::parse("18446744073709551616")->as_int());
  EXPECT_FALSE(JsonView::parse("1e300")->as_int());
}

TEST(JsonText, quotes_and_unescapes) {
  EXPECT_EQ(quote("a\"b\\\n\x01\xC3\xA9"), "\"a\\\"b\\\\\\n\\u0001\xC3\xA9\"");
  EXPECT_EQ(quote("\xFF"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(unescape("\\ud83d\\ude00 \\u00e9\\t\\/"), "\xF0\x9F\x98\x80 \xC3\xA9\t/");
  EXPECT_EQ(unescape("\\ud83d!"), "\xEF\xBF\xBD!");
  const std::string odd = std::string("zero\0byte", 9) + "\x7F\x1F";
  EXPECT_EQ(JsonView::parse(quote(odd))->as_string(), odd);
}

TEST(JsonText, proves_strings_wherever_their_escapes_and_sequences_fall) {
  const std::vector<std::pair<std::string, bool>> parts = {
      {"\\\"", true},     {"\\\\", true},         {"\\u00e9", true},
      {"\xC3\xA9", true}, {"\xE2\x82\xAC", true}, {"\xF0\x9F\x98\x80", true},
      {"\\u00g0", false}, {"\\x", false},         {"\x01", false},
      {"\xC3", false},    {"\xED\xA0\x80", false}};
  for (std::size_t before = 0; before < 140; ++before) {
    for (const std::size_t behind : {0, 1, 17, 70}) {
      for (const auto& [part, good] : parts) {
        const std::string text = std::string(before, 'a') + part + part + std::string(behind, 'b');
        const auto parsed = JsonView::parse("[\"" + text + "\", 1]", "it");
        ASSERT_EQ(parsed.has_value(), good) << before << ' ' << behind << ' ' << part;
      }
    }
  }
  EXPECT_FALSE(JsonView::parse("\"" + std::string(100, 'a'), "it"));
  EXPECT_FALSE(JsonView::parse("\"" + std::string(63, 'a') + "\\", "it"));
}

TEST(Message, takes_a_call_apart_without_touching_it) {
  const std::string bytes =
      R"({"jsonrpc":"2.0","id":7,"method":"tools\/call","params":{"name":"a.b","arguments":{"n":1.50},)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","x":{"y":1}}}})";
  const auto message = prove(bytes);
  ASSERT_TRUE(message) << message.error().detail;
  EXPECT_EQ(message->kind, MessageKind::request);
  EXPECT_EQ(message->id, "7");
  EXPECT_EQ(message->method, "tools/call");
  EXPECT_EQ(message->string_member("name"), "a.b");
  EXPECT_EQ(message->member("arguments"), R"({"n":1.50})");
  EXPECT_EQ(message->meta_member("io.modelcontextprotocol/protocolVersion"), "\"2026-07-28\"");
  EXPECT_EQ(message->meta_member("x"), R"({"y":1})");
}

TEST(Message, tells_results_errors_and_notifications_apart) {
  EXPECT_EQ(prove(R"({"jsonrpc":"2.0","id":"a","result":{"x":1}})")->kind, MessageKind::result);
  EXPECT_EQ(prove(R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":""}})")->kind,
            MessageKind::error);
  EXPECT_EQ(prove(R"({"jsonrpc":"2.0","method":"notifications/x"})")->kind,
            MessageKind::notification);
}

TEST(Message, refuses_json_that_is_no_message) {
  for (const char* text :
       {"1", "[]", "{}", R"({"jsonrpc":"1.0","id":1,"method":"a"})",
        R"({"jsonrpc":"2.0","id":null,"method":"a"})", R"({"jsonrpc":"2.0","id":1.5,"method":"a"})",
        R"({"jsonrpc":"2.0","id":1,"method":"a","result":1})", R"({"jsonrpc":"2.0","result":1})",
        R"({"jsonrpc":"2.0","id":1,"method":"a","params":[1]})",
        R"({"jsonrpc":"2.0","id":{},"method":"a"})", R"({"jsonrpc":"2.0","id":1,"error":1})"}) {
    const auto message = prove(text);
    ASSERT_FALSE(message) << text;
    EXPECT_EQ(message.error().code, Errc::invalid_argument) << text;
  }
  EXPECT_EQ(prove("{").error().code, Errc::parse);
}

TEST(Message, reads_batches_where_they_are_allowed) {
  const auto batch = prove_batch(
      R"([{"jsonrpc":"2.0","id":1,"result":{}}, {"jsonrpc":"2.0","method":"notifications/x"}])");
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 2U);
  EXPECT_EQ((*batch)[1].method, "notifications/x");
  EXPECT_FALSE(prove_batch("[]"));
  EXPECT_EQ(prove_batch("[1]").error().code, Errc::invalid_argument);
}

TEST(Message, keeps_the_id_of_what_it_refuses_when_it_can) {
  EXPECT_EQ(best_effort_id(R"({"jsonrpc":"2.0","id":"q","method":1})"), "\"q\"");
  EXPECT_EQ(best_effort_id("nonsense"), "");
}

TEST(Message, frames_by_line) {
  std::string line;
  EXPECT_TRUE(drop_line_breaks("{\n \"a\":\r\n 1}", line));
  EXPECT_EQ(line, "{ \"a\": 1}");
  EXPECT_FALSE(drop_line_breaks("{}", line));
}

TEST(Message, builds_what_it_can_read) {
  const std::string error = make_error({}, kParseError, "line\nbreak", R"({"a":1})");
  const auto message = prove(error);
  ASSERT_TRUE(message);
  const ErrorObject object = parse_error_object(message->error);
  EXPECT_EQ(object.code, kParseError);
  EXPECT_EQ(object.message, "line\nbreak");
  EXPECT_EQ(object.data, R"({"a":1})");
}

}  // namespace
}  // namespace gatehouse::jsonrpc
