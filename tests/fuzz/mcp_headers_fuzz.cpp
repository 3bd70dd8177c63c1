// Header values: what is encoded is a legal field value and decodes to itself; what comes in
// decodes or is refused. Header plans of any schema never break.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/encoding.hpp"
#include "http/message.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/elicitation.hpp"
#include "mcp/input_required.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/tool.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)mcp::decode_header_value(text);
  if (is_utf8(text)) {
    const std::string encoded = mcp::encode_header_value(text);
    if (!http::is_field_value(encoded)) std::abort();
    const auto decoded = mcp::decode_header_value(encoded);
    if (!decoded || *decoded != text) std::abort();
    if (!mcp::header_matches(encoded, jsonrpc::quote(text))) std::abort();
  }
  const auto view = jsonrpc::JsonView::parse(text);
  if (!view) return 0;
  if (const auto plan = mcp::parse_header_plan(view->raw())) {
    for (const auto& header : mcp::make_param_headers(*plan, view->raw())) {
      if (!http::is_token(header.name) || !http::is_field_value(header.value)) std::abort();
    }
  }
  (void)mcp::parse_tool_page(view->raw(), mcp::HeaderRules::apply);
  if (const auto asked = mcp::parse_elicitation(view->raw())) {
    if (!jsonrpc::JsonView::parse(mcp::make_accept(*asked))) {
      // Defaults under equal names would make an ambiguous answer; the schema cannot have them.
      std::abort();
    }
  }
  if (const auto asked = mcp::parse_input_required(view->raw())) {
    const std::string members = mcp::make_retry_members(*asked, {{"k", "{}"}});
    if (!members.empty() && !jsonrpc::JsonView::parse("{" + members.substr(1) + "}")) std::abort();
  }
  return 0;
}
