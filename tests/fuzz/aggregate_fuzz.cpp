// Names, resource URIs and the rewriting of results at /mcp/all: names fit and lead back, URIs lead
// back, rewriting exchanges URIs and nothing else, cursors of strangers are refused.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/list_pages.hpp"
#include "gateway/names.hpp"
#include "gateway/resource_uris.hpp"
#include "gateway/task_ids.hpp"
#include "gateway/uri_rewriter.hpp"
#include "jsonrpc/json.hpp"

using namespace gatehouse;
using namespace gatehouse::gateway;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_name(std::string_view text) {
  const std::string name = public_name("notes", text);
  require(name.size() <= kPublicNameBytes && name == public_name("notes", text));
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    require(letter || c == '_' || c == '.' || c == '-');
  }
  const auto parts = split_name(name);
  require(parts && parts->connection == "notes");
  require(is_shortened(name) != (parts->name == text));
  (void)split_name(text);
}

void check_uri(std::string_view text) {
  (void)original_uri(text);
  const auto original = original_uri(map_uri("notes", text));
  require(original && original->uri == text);
  require(original->connection == (is_web_uri(text) ? "" : "notes"));
  const auto read_through = original_uri(explicit_uri("notes", text));
  require(read_through && read_through->connection == "notes" && read_through->uri == text);
}

void check_rewriting(std::string_view json) {
  static constexpr std::string_view kMethods[]{
      "tools/call", "tools/list",     "resources/list", "resources/templates/list",
      "tasks/get",  "resources/read", "prompts/get",    "notifications/resources/updated"};
  for (const std::string_view method : kMethods) {
    const auto mapped = map_uris(method, "notes", json);
    if (!mapped || !*mapped) continue;
    require(jsonrpc::JsonView::parse(**mapped).has_value());
    const auto again = map_uris(method, "notes", **mapped);
    require(again.has_value());
  }
  for (const ItemKind kind :
       {ItemKind::tool, ItemKind::prompt, ItemKind::resource, ItemKind::resource_template}) {
    const auto item = map_item(kind, "notes", json, "notes.x");
    require(item && jsonrpc::JsonView::parse(*item).has_value());
  }
  require(jsonrpc::JsonView::parse(replace_member(json, "taskId", "\"x\"")).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_name(text);
  check_uri(text);
  static const StateKeys keys = fixed_state_key(Secret(std::string(32, 'k')), "k1");
  static const SealedText sealer(keys);
  static const TaskIds ids(keys);
  require(!open_cursor(sealer, text, {"cursor", "tools/list", "ada"}));
  require(!ids.open({}, text));
  const auto json = jsonrpc::JsonView::parse(text);
  if (json && json->is_object()) {
    check_rewriting(json->raw());
    (void)ids.seal_created({}, "notes", "index", json->raw());
  }
  return 0;
}
