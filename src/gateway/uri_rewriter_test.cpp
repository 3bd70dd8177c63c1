#include "gateway/uri_rewriter.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace gatehouse::gateway {
namespace {

std::string mapped(std::string_view method, std::string_view json, AskedUri asked = {}) {
  const auto out = map_uris(method, "notes", json, asked);
  if (!out) return "error: " + out.error().detail;
  return out->value_or("unchanged");
}

TEST(UriRewriter, maps_links_and_embedded_resources_of_a_tool_result) {
  EXPECT_EQ(
      mapped("tools/call",
             R"({ "content":[{"type":"resource_link","uri":"file:///a","name":"a"},)"
             R"({"type":"resource","resource":{"uri":"note:1","text":"\"uri\":\"file:///b\""}},)"
             R"({"type":"text","text":"see file:///c"}] , "n":1.50e+3})"),
      R"({ "content":[{"type":"resource_link","uri":"gatehouse://notes/file:///a","name":"a"},)"
      R"({"type":"resource","resource":{"uri":"gatehouse://notes/note:1","text":"\"uri\":\"file:///b\""}},)"
      R"({"type":"text","text":"see file:///c"}] , "n":1.50e+3})");
}

TEST(UriRewriter, leaves_what_a_tool_returns_as_data_alone) {
  EXPECT_EQ(mapped("tools/call", R"({"structuredContent":{"type":"resource_link","uri":"a:b"},)"
                                 R"("content":[{"type":"text","text":"x","uri":"a:b"}]})"),
            "unchanged");
}

TEST(UriRewriter, keeps_escapes_other_than_those_of_the_uri_itself) {
  EXPECT_EQ(
      mapped("resources/read", R"({"contents":[{"uri":"ui:\/\/a\u002fb","text":"\u00e9\/"}]})"),
      R"({"contents":[{"uri":"ui://notes/a/b","text":"\u00e9\/"}]})");
  EXPECT_EQ(mapped("resources/read", R"({"contents":[{"\u0075ri":"a:b"}]})"),
            R"({"contents":[{"\u0075ri":"gatehouse://notes/a:b"}]})");
}

TEST(UriRewriter, names_the_resource_that_was_asked_for_as_it_was_asked_for) {
  const AskedUri asked{"https://example.com/x", "gatehouse://notes/https://example.com/x"};
  EXPECT_EQ(mapped("resources/read",
                   R"({"contents":[{"uri":"https://example.com/x"},{"uri":"https://b.example"}]})",
                   asked),
            R"({"contents":[{"uri":"gatehouse://notes/https://example.com/x"},)"
            R"({"uri":"https://b.example"}]})");
}

TEST(UriRewriter, maps_apps_wherever_hosts_look_for_them) {
  EXPECT_EQ(mapped("tools/list",
                   R"({"tools":[{"name":"a","_meta":{"ui":{"resourceUri":"ui://x/y","z":1},)"
                   R"("ui/resourceUri":"ui://x/y","openai/outputTemplate":"ui://x"}}]})"),
            R"({"tools":[{"name":"a","_meta":{"ui":{"resourceUri":"ui://notes/x/y","z":1},)"
            R"("ui/resourceUri":"ui://notes/x/y","openai/outputTemplate":"ui://notes/x"}}]})");
}

TEST(UriRewriter, maps_prompts_templates_tasks_and_updates) {
  EXPECT_EQ(mapped("prompts/get", R"({"messages":[{"role":"user","content":)"
                                  R"({"type":"resource","resource":{"uri":"a:b"}}}]})"),
            R"({"messages":[{"role":"user","content":)"
            R"({"type":"resource","resource":{"uri":"gatehouse://notes/a:b"}}}]})");
  EXPECT_EQ(
      mapped("resources/templates/list", R"({"resourceTemplates":[{"uriTemplate":"n:{id}"}]})"),
      R"({"resourceTemplates":[{"uriTemplate":"gatehouse://notes/n:{id}"}]})");
  EXPECT_EQ(mapped("tasks/get", R"({"result":{"content":[{"type":"resource_link","uri":"a:b"}]}})"),
            R"({"result":{"content":[{"type":"resource_link","uri":"gatehouse://notes/a:b"}]}})");
  EXPECT_EQ(mapped("notifications/resources/updated", R"({"uri":"a:b"})"),
            R"({"uri":"gatehouse://notes/a:b"})");
  EXPECT_EQ(mapped("completion/complete", R"({"uri":"a:b"})"), "unchanged");
}

TEST(UriRewriter, renames_items_and_nothing_inside_them) {
  EXPECT_EQ(*map_item(ItemKind::tool, "notes",
                      R"({"inputSchema":{"name":"x"}, "name":"a\"b","title":"T"})", "notes.a_b"),
            R"({"inputSchema":{"name":"x"}, "name":"notes.a_b","title":"T"})");
  EXPECT_EQ(*map_item(ItemKind::resource, "notes", R"({"name":"x","uri":"a:b"})"),
            R"({"name":"x","uri":"gatehouse://notes/a:b"})");
}

TEST(UriRewriter, refuses_a_flood_of_uris) {
  std::string json = R"({"contents":[{"uri":""})";
  for (std::size_t i = 0; i < limits::kMappedUris; ++i) json += R"(,{"uri":""})";
  EXPECT_TRUE(mapped("resources/read", json + "]}").starts_with("error: notes sent more than"));
}

TEST(UriRewriter, what_is_shaped_otherwise_stays) {
  for (const std::string_view json :
       {R"({"contents":{"uri":"a:b"}})", R"({"contents":[["uri"]]})", R"({"contents":[{"uri":1}]})",
        R"({"contents":null,"uri":"a:b"})"}) {
    EXPECT_EQ(mapped("resources/read", json), "unchanged") << json;
  }
}

TEST(UriRewriter, exchanges_one_member) {
  EXPECT_EQ(replace_member(R"({"a":{"id":1},"id": "x" })", "id", R"("y")"),
            R"({"a":{"id":1},"id": "y" })");
  EXPECT_EQ(replace_member(R"({"a":1})", "id", R"("y")"), R"({"a":1})");
}

}  // namespace
}  // namespace gatehouse::gateway
