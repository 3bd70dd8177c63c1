// Any schema over any value ends within its budget. Input: schema, a zero byte, value.
#include <cstdint>
#include <string_view>

#include "jsonrpc/json.hpp"
#include "mcp/pattern.hpp"
#include "mcp/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = text.find('\0');
  const std::string_view first = text.substr(0, zero);
  const std::string_view second =
      zero == std::string_view::npos ? std::string_view("{}") : text.substr(zero + 1);
  if (const auto pattern = mcp::Pattern::compile(first)) (void)pattern->search(second);
  const auto schema = jsonrpc::JsonView::parse(first);
  const auto value = jsonrpc::JsonView::parse(second);
  if (!schema || !value) return 0;
  const auto compiled = mcp::Schema::compile(schema->raw());
  if (!compiled) return 0;
  (void)mcp::describe((*compiled)->validate(value->raw()));
  return 0;
}
