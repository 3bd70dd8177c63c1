#include "agents/text_edit.hpp"

#include "config/relaxed_json.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::agents {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

constexpr std::string_view kBlank = " \t\r\n";

std::size_t offset_of(std::string_view within, std::string_view part) {
  return static_cast<std::size_t>(part.data() - within.data());
}

/// The white space in front of the first member, or what two spaces a level would be.
std::string indent_of(std::string_view plain, const JsonView& object, int depth) {
  for (const JsonMember& member : object.members()) {
    const std::size_t key = offset_of(plain, member.raw_key) - 1;
    const std::size_t line = plain.rfind('\n', key);
    const std::size_t open = offset_of(plain, object.raw());
    if (line != std::string_view::npos && line > open)
      return std::string(plain.substr(line, key - line));
    return std::string(plain.substr(open + 1, key - open - 1));
  }
  return "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ');
}

/// Inserts a member at the front of `object`.
std::string insert_first(std::string_view text, std::string_view plain, const JsonView& object,
                         std::string_view member, int depth) {
  const std::size_t at = offset_of(plain, object.raw()) + 1;
  const bool empty = object.size() == 0;
  const std::string outer = "\n" + std::string(static_cast<std::size_t>(depth - 1) * 2, ' ');
  std::string out(text.substr(0, at));
  out += indent_of(plain, object, depth);
  out += member;
  out += empty ? outer : ",";
  // An empty object keeps what comments stand in it.
  std::string_view rest = text.substr(at);
  if (empty) rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
  return out.append(rest);
}

}  // namespace

Result<std::string> set_json_member(std::string_view text, std::string_view container,
                                    std::string_view name, std::string_view raw_value) {
  const std::string plain = config::to_plain_json(text);
  const std::string member = jsonrpc::quote(name) + ": " + std::string(raw_value);
  if (plain.find_first_not_of(kBlank) == std::string::npos)
    return "{\n  " + jsonrpc::quote(container) + ": {\n    " + member + "\n  }\n}\n";
  const Result<JsonView> root = JsonView::parse(plain, "the file");
  if (!root) return std::unexpected(root.error());
  if (!root->is_object()) return fail(Errc::parse, "the file is no JSON object");
  const std::optional<JsonView> servers = root->find(container);
  if (!servers) {
    const std::string whole = jsonrpc::quote(container) + ": {\n    " + member + "\n  }";
    return insert_first(text, plain, *root, whole, 1);
  }
  if (!servers->is_object())
    return fail(Errc::parse, std::string(container) + " is no JSON object in the file");
  if (const std::optional<JsonView> old = servers->find(name)) {
    std::string out(text);
    return out.replace(offset_of(plain, old->raw()), old->raw().size(), raw_value);
  }
  return insert_first(text, plain, *servers, member, 2);
}

Result<std::string> erase_json_member(std::string_view text, std::string_view container,
                                      std::string_view name) {
  const std::string plain = config::to_plain_json(text);
  if (plain.find_first_not_of(kBlank) == std::string::npos) return std::string(text);
  const Result<JsonView> root = JsonView::parse(plain, "the file");
  if (!root) return std::unexpected(root.error());
  const std::optional<JsonView> servers = root->find(container);
  if (!servers || !servers->find(name)) return std::string(text);
  for (const JsonMember& member : servers->members()) {
    if (!member.is(name)) continue;
    std::size_t from = offset_of(plain, member.raw_key) - 1;
    std::size_t to = offset_of(plain, member.value.raw()) + member.value.raw().size();
    const std::size_t next = plain.find_first_not_of(kBlank, to);
    const std::size_t before = text.find_last_not_of(kBlank, from - 1);
    if (plain[next] == ',') {  // with the white space in front, up to a comment
      from = before + 1;
      to = next + 1;
    } else if (const std::size_t comma = plain.find_last_not_of(kBlank, from - 1);
               plain[comma] == ',') {
      from = comma;
    } else {
      from = before + 1;
    }
    std::string out(text);
    return out.erase(from, to - from);
  }
  return std::string(text);
}

namespace {

void append_fingerprint(std::string& out, const JsonView& value,
                        std::span<const std::string> path) {
  if (!value.is_object()) {
    out += value.raw();
    return;
  }
  out += '{';
  for (const JsonMember& member : value.members()) {
    const bool on_path = !path.empty() && member.is(path.front());
    if (on_path && path.size() == 1) continue;
    const std::span<const std::string> below =
        on_path ? path.subspan(1) : std::span<const std::string>();
    std::string inside;
    append_fingerprint(inside, member.value, below);
    if (on_path && (inside == "{}" || inside == "null")) continue;
    out.append(member.raw_key).append(":").append(inside).append(",");
  }
  out += '}';
}

}  // namespace

std::string fingerprint_without(std::string_view json, std::span<const std::string> path) {
  std::string out;
  const Result<JsonView> root = JsonView::parse(json, "the file");
  if (root) append_fingerprint(out, *root, path);
  return out;
}

}  // namespace gatehouse::agents
