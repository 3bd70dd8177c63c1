#include "gateway/older_revisions.hpp"

#include <functional>

#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

/// What becomes of one value: another raw value, or empty: it is left out. Nothing: it stays.
using Change = std::function<std::optional<std::string>(std::string_view key, JsonView value)>;

/// The object with its members changed; nothing when all stay.
std::optional<std::string> change_members(JsonView object, const Change& change) {
  std::string out;
  bool changed = false;
  for (const JsonMember& member : object.members()) {
    const std::optional<std::string> other = change(member.raw_key, member.value);
    changed |= other.has_value();
    if (other && other->empty()) continue;
    if (!out.empty()) out += ',';
    out += '"';
    out.append(member.raw_key).append("\":").append(other ? *other : member.value.raw());
  }
  if (!changed) return std::nullopt;
  return "{" + out + "}";
}

std::optional<std::string> change_elements(
    JsonView array, const std::function<std::optional<std::string>(JsonView)>& change) {
  std::string out;
  bool changed = false;
  for (const JsonView element : array.elements()) {
    const std::optional<std::string> other = change(element);
    changed |= other.has_value();
    if (!out.empty()) out += ',';
    out += other ? std::string_view(*other) : element.raw();
  }
  if (!changed) return std::nullopt;
  return "[" + out + "]";
}

bool describes_object(JsonView schema) {
  const auto type = schema.find("type");
  return type && type->equals("object");
}

std::optional<std::string> legacy_tool(JsonView tool) {
  return change_members(tool,
                        [](std::string_view key, JsonView value) -> std::optional<std::string> {
                          if (key == "outputSchema" && !describes_object(value))
                            return std::string();
                          if (key != "inputSchema" || !value.is_object() || value.find("type"))
                            return std::nullopt;
                          const std::string_view inside = value.raw().substr(1);
                          return R"({"type":"object")" + std::string(value.size() == 0 ? "" : ",") +
                                 std::string(inside);
                        });
}

std::optional<std::string> content_without_link(JsonView content) {
  const auto type = content.find("type");
  if (!type || !type->equals("resource_link")) return std::nullopt;
  const std::string text =
      content.string("name").value_or("resource") + ": " + content.string("uri").value_or("");
  return R"({"type":"text","text":)" + jsonrpc::quote(text) + "}";
}

std::optional<std::string> message_without_link(JsonView message) {
  return change_members(message, [](std::string_view key, JsonView value) {
    return key == "content" ? content_without_link(value) : std::nullopt;
  });
}

std::optional<std::string> change_list(JsonView result, std::string_view member,
                                       std::optional<std::string> (*change)(JsonView)) {
  return change_members(result, [&](std::string_view key, JsonView value) {
    return key == member && value.is_array() ? change_elements(value, change) : std::nullopt;
  });
}

}  // namespace

std::optional<std::string> for_older_revision(std::string_view method, std::string_view revision,
                                              std::string_view raw_result) {
  const JsonView result = JsonView::of_proved(raw_result);
  if (method == "tools/list") return change_list(result, "tools", legacy_tool);
  // Revisions are dates, which compare as text.
  if (revision >= "2025-06-18" || raw_result.find("resource_link") == std::string_view::npos)
    return std::nullopt;
  if (method == "tools/call") return change_list(result, "content", content_without_link);
  if (method == "prompts/get") return change_list(result, "messages", message_without_link);
  return std::nullopt;
}

}  // namespace gatehouse::gateway
