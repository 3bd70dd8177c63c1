// What servers and clients can put into a question on its way between the eras: states that clients
// bring back, pages of tools, capabilities, elicitations. Nothing crashes, what comes out is JSON,
// and no state of a stranger opens.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/questions.hpp"
#include "gateway/relayed_server.hpp"
#include "gateway/request_state.hpp"
#include "jsonrpc/json.hpp"

using namespace gatehouse;
using namespace gatehouse::gateway;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_state(std::string_view text) {
  static const RequestStateSealer kSealer(fixed_state_key(Secret(std::string(32, 'k')), "k1"));
  (void)shard_of_request_state(text);
  require(!kSealer.open(text, {"a", "/mcp", "tools/call", "x.y", "d"}, SystemTime{}));
  RequestState state{
      {"a", "/mcp", "tools/call", "x.y", "d"}, 1, 2, SystemTime{} + std::chrono::hours(1)};
  state.upstream_state = text;
  const auto opened = kSealer.open(kSealer.seal(state), state.binding, SystemTime{});
  const bool fits = text.size() < kRequestStateBytes / 2;
  require(!fits || (opened && opened->upstream_state == text));
}

void check_json(std::string_view json) {
  const std::string capabilities = relayed_server_capabilities(json);
  require(jsonrpc::JsonView::parse(capabilities).has_value());
  (void)has_extensions(json);
  const auto all = [](std::string_view name, std::string_view) { return name.size() % 2 == 0; };
  const auto seal = [](std::string_view) { return std::string("\"sealed\""); };
  if (const auto page = filter_tool_page(json, all, seal))
    require(jsonrpc::JsonView::parse("{" + *page + "}").has_value());
  const std::string shown =
      shown_params("elicitation/create", json, "notes", Front::Questions::with_connection_name);
  require(jsonrpc::JsonView::parse(shown).has_value());
  (void)digest_of_arguments(json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_state(text);
  const auto view = jsonrpc::JsonView::parse(text);
  if (view && view->is_object()) check_json(view->raw());
  return 0;
}
