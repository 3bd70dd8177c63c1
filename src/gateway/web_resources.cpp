#include "gateway/web_resources.hpp"

#include <fmt/format.h>

#include <vector>

#include "gateway/aggregate_lists.hpp"
#include "identity/decision.hpp"

namespace gatehouse::gateway {
namespace {

// What a template says before its first expression; nothing when that does not tell servers apart.
std::string_view fixed_part(std::string_view uri_template) {
  const std::string_view fixed = uri_template.substr(0, uri_template.find('{'));
  constexpr std::size_t kScheme = std::string_view("https://").size();
  if (!is_web_uri(fixed) || fixed.find('/', kScheme) == std::string_view::npos) return {};
  return fixed;
}

bool lists(const ConnectionEntry& entry, std::string_view uri) {
  for (const ItemKind kind : {ItemKind::resource, ItemKind::resource_template}) {
    for (const std::string_view item : items_of(entry, kind)) {
      if (key_of(kind, item) == uri) return true;
    }
  }
  return false;
}

bool has_template_for(const ConnectionEntry& entry, std::string_view uri) {
  for (const std::string_view item : items_of(entry, ItemKind::resource_template)) {
    const std::string uri_template = key_of(ItemKind::resource_template, item);
    const std::string_view fixed = fixed_part(uri_template);
    if (!fixed.empty() && uri.starts_with(fixed)) return true;
  }
  return false;
}

std::unexpected<Error> unknown_resource(std::string_view uri, std::string_view way_out) {
  return fail(Errc::not_found, "unknown resource " + quote_remote(uri, 200), std::string(way_out));
}

}  // namespace

Result<std::string> web_resource_owner(const Directory& directory,
                                       const identity::Principal& principal, std::string_view uri) {
  for (const auto& matches : {&lists, &has_template_for}) {
    std::vector<std::string> owners;
    for (const ConnectionNote& note : directory.notes()) {
      const std::shared_ptr<ConnectionEntry> entry = directory.find(note.name);
      if (entry && identity::may_see(principal, *entry->connection) && matches(*entry, uri))
        owners.push_back(note.name);
    }
    if (owners.size() == 1) return owners.front();
    if (owners.size() < 2) continue;
    std::string choices;
    for (const std::string& owner : owners)
      choices += (choices.empty() ? "" : " or ") + quote_remote(explicit_uri(owner, uri), 240);
    return fail(Errc::invalid_argument, "several servers have this resource", "ask for " + choices);
  }
  return unknown_resource(uri,
                          "fetch it from the web, or ask for gatehouse://<connection>/<the URI>");
}

Result<OriginalUri> find_resource(const Directory& directory, const identity::Principal& principal,
                                  std::string_view uri) {
  std::optional<OriginalUri> original = original_uri(uri);
  if (!original) return unknown_resource(uri, "use a URI that resources/list shows");
  if (!original->connection.empty()) return std::move(*original);
  Result<std::string> owner = web_resource_owner(directory, principal, uri);
  if (!owner) return std::unexpected(owner.error());
  original->connection = std::move(*owner);
  return std::move(*original);
}

}  // namespace gatehouse::gateway
