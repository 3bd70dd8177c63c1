#include "gateway/uri_rewriter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/limits.hpp"
#include "gateway/resource_uris.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

/// Collects what is to be exchanged in one text, and does it in one copy.
class Splicer final {
 public:
  explicit Splicer(std::string_view text) : text_(text) {}

  /// `part` must be a slice of the text.
  void replace(std::string_view part, std::string with) {
    edits_.push_back(
        {static_cast<std::size_t>(part.data() - text_.data()), part.size(), std::move(with)});
  }
  std::size_t count() const { return edits_.size(); }

  std::string apply() {
    std::ranges::sort(edits_, {}, &Edit::at);
    std::size_t size = text_.size();
    for (const Edit& edit : edits_) size += edit.with.size();
    std::string out;
    out.reserve(size);
    std::size_t done = 0;
    for (const Edit& edit : edits_) {
      out.append(text_.substr(done, edit.at - done)).append(edit.with);
      done = edit.at + edit.length;
    }
    return std::move(out.append(text_.substr(done)));
  }

 private:
  struct Edit {
    std::size_t at;
    std::size_t length;
    std::string with;
  };
  std::string_view text_;
  std::vector<Edit> edits_;
};

class Mapper final {
 public:
  Mapper(std::string_view connection, std::string_view json, AskedUri asked)
      : connection_(connection), asked_(asked), splicer_(json) {}

  Splicer& splicer() { return splicer_; }
  bool too_many() const { return splicer_.count() > limits::kMappedUris; }

  void uri(const JsonView& value) {
    if (!value.is_string() || too_many()) return;
    const std::string_view literal = value.raw();
    const std::string_view inside = literal.substr(1, literal.size() - 2);
    const bool escaped = inside.find('\\') != std::string_view::npos;
    if (!asked_.as_asked.empty() && value.equals(asked_.original)) {
      splicer_.replace(literal, jsonrpc::quote(asked_.as_asked));
    } else if (!escaped) {
      const UriPrefix prefix = uri_prefix(connection_, inside);
      if (!prefix.text.empty()) splicer_.replace(inside.substr(0, prefix.drop), prefix.text);
    } else {  // an escape may hide the scheme
      const std::string plain = jsonrpc::unescape(inside);
      if (!is_web_uri(plain))
        splicer_.replace(literal, jsonrpc::quote(map_uri(connection_, plain)));
    }
  }

  void member(const JsonView& object, std::string_view name) {
    if (const auto value = object.find(name)) uri(*value);
  }

  void members_of_each(const JsonView& object, std::string_view list, std::string_view name) {
    if (const auto items = object.find(list)) {
      for (const JsonView item : items->elements()) member(item, name);
    }
  }

  // MCP Apps: the present place, the flat one before it, and ChatGPT's.
  void meta(const JsonView& object) {
    const auto found = object.find("_meta");
    if (!found) return;
    for (const JsonMember& entry : found->members()) {
      if (entry.is("ui")) member(entry.value, "resourceUri");
      if (entry.is("ui/resourceUri") || entry.is("openai/outputTemplate")) uri(entry.value);
    }
  }

  void block(const JsonView& object) {
    const auto type = object.find("type");
    if (!type) return;
    if (type->equals("resource_link")) member(object, "uri");
    if (!type->equals("resource")) return;
    if (const auto resource = object.find("resource")) member(*resource, "uri");
  }

  /// One content block or a list of them.
  void content(const JsonView& object) {
    const auto found = object.find("content");
    if (!found) return;
    if (found->is_object()) block(*found);
    for (const JsonView one : found->elements()) block(one);
  }

  void tool_result(const JsonView& object) {
    content(object);
    meta(object);
  }

  void messages(const JsonView& object) {
    if (const auto found = object.find("messages")) {
      for (const JsonView message : found->elements()) content(message);
    }
  }

  void tools(const JsonView& object) {
    if (const auto found = object.find("tools")) {
      for (const JsonView tool : found->elements()) meta(tool);
    }
  }

  void task(const JsonView& object) {
    if (const auto result = object.find("result")) tool_result(*result);
  }

 private:
  std::string_view connection_;
  AskedUri asked_;
  Splicer splicer_;
};

/// Where the messages of a method have URIs. One visible table.
struct Place {
  std::string_view method;
  void (*map)(Mapper&, const JsonView&);
};
constexpr std::array<Place, 9> kPlaces{{
    {"tools/call", [](Mapper& to, const JsonView& json) { to.tool_result(json); }},
    {"resources/read",
     [](Mapper& to, const JsonView& json) { to.members_of_each(json, "contents", "uri"); }},
    {"prompts/get", [](Mapper& to, const JsonView& json) { to.messages(json); }},
    {"tasks/get", [](Mapper& to, const JsonView& json) { to.task(json); }},
    {"tools/list", [](Mapper& to, const JsonView& json) { to.tools(json); }},
    {"resources/list",
     [](Mapper& to, const JsonView& json) { to.members_of_each(json, "resources", "uri"); }},
    {"resources/templates/list",
     [](Mapper& to, const JsonView& json) {
       to.members_of_each(json, "resourceTemplates", "uriTemplate");
     }},
    {"notifications/resources/updated",
     [](Mapper& to, const JsonView& json) { to.member(json, "uri"); }},
    {"notifications/tasks", [](Mapper& to, const JsonView& json) { to.task(json); }},
}};

/// Most results have no URI, and looking for the bytes is much cheaper than walking the members.
bool may_have_uris(std::string_view json) {
  constexpr std::array<std::string_view, 5> kSigns{"\"uri\"", "\"uriTemplate\"", "esourceUri\"",
                                                   "outputTemplate\"", "\\u"};
  return std::ranges::any_of(
      kSigns, [&](std::string_view sign) { return json.find(sign) != std::string_view::npos; });
}

std::unexpected<Error> too_many_uris(std::string_view connection) {
  return fail(Errc::too_large, fmt::format("{} sent more than {} resource URIs in one message "
                                           "(kMappedUris)",
                                           connection, limits::kMappedUris));
}

}  // namespace

Result<std::optional<std::string>> map_uris(std::string_view method, std::string_view connection,
                                            std::string_view json, AskedUri asked) {
  const auto place = std::ranges::find(kPlaces, method, &Place::method);
  if (place == kPlaces.end() || !may_have_uris(json)) return std::nullopt;
  Mapper mapper(connection, json, asked);
  place->map(mapper, JsonView::of_proved(json));
  if (mapper.too_many()) return too_many_uris(connection);
  if (mapper.splicer().count() == 0) return std::nullopt;
  return mapper.splicer().apply();
}

Result<std::string> map_item(ItemKind kind, std::string_view connection, std::string_view json,
                             std::string_view name) {
  Mapper mapper(connection, json, {});
  const JsonView item = JsonView::of_proved(json);
  switch (kind) {
    case ItemKind::tool:
      mapper.meta(item);
      [[fallthrough]];
    case ItemKind::prompt:
      if (const auto own = item.find("name"))
        mapper.splicer().replace(own->raw(), jsonrpc::quote(name));
      break;
    case ItemKind::resource:
      mapper.member(item, "uri");
      break;
    case ItemKind::resource_template:
      mapper.member(item, "uriTemplate");
      break;
  }
  if (mapper.too_many()) return too_many_uris(connection);
  return mapper.splicer().apply();
}

std::string replace_member(std::string_view json, std::string_view member, std::string_view raw) {
  Splicer splicer(json);
  if (const auto value = JsonView::of_proved(json).find(member))
    splicer.replace(value->raw(), std::string(raw));
  return splicer.apply();
}

}  // namespace gatehouse::gateway
