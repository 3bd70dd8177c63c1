#include "gateway/relayed_server.hpp"

#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

namespace {

void append(std::string& out, std::string_view raw_key, std::string_view raw) {
  if (!out.empty()) out += ',';
  out += '"';
  out.append(raw_key).append("\":").append(raw);
}

}  // namespace

std::string relayed_server_capabilities(std::string_view raw) {
  std::string out;
  for (const JsonMember& member : JsonView::of_proved(raw).members()) {
    if (!member.value.is_object() || member.is("tasks")) continue;
    append(out, member.raw_key, member.value.raw());
  }
  return "{" + out + "}";
}

bool has_extensions(std::string_view raw_capabilities) {
  const auto extensions = JsonView::of_proved(raw_capabilities).find("extensions");
  return extensions && extensions->size() > 0;
}

std::optional<std::string> filter_tool_page(
    std::string_view raw_page,
    const std::function<bool(std::string_view name, std::string_view raw)>& allows,
    const std::function<std::string(std::string_view raw_cursor)>& seal) {
  const JsonView page = JsonView::of_proved(raw_page);
  const auto tools = page.find("tools");
  const auto cursor = page.find("nextCursor");
  std::string kept;
  bool filtered = false;
  if (tools) {
    for (const JsonView tool : tools->elements()) {
      if (allows(tool.string("name").value_or(""), tool.raw())) {
        if (!kept.empty()) kept += ',';
        kept += tool.raw();
      } else {
        filtered = true;
      }
    }
  }
  if (!filtered && !cursor) return std::nullopt;
  std::string out;
  for (const JsonMember& member : page.members()) {
    if (member.is("tools")) {
      append(out, member.raw_key, "[" + kept + "]");
    } else if (member.is("nextCursor")) {
      append(out, member.raw_key, seal(member.value.raw()));
    } else if (!(filtered && member.is("cacheScope"))) {
      append(out, member.raw_key, member.value.raw());
    }
  }
  return out;
}

}  // namespace gatehouse::gateway
