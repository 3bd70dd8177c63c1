// AggregateLists: tools/list, prompts/list, resources/list and resources/templates/list of
// /mcp/all: what all connections of the caller offer, from stored catalogs, in order of connection
// and then of its server (reference G-4, G-5, G-13, G-15). Connections that were never listed are
// asked within the bounds of CatalogRefresher; what is missing then is named in `_meta`, and fails
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "gateway/catalog_refresher.hpp"
#include "gateway/directory.hpp"
#include "gateway/list_pages.hpp"
#include "gateway/uri_rewriter.hpp"
#include "identity/principal.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

/// Member of a list result's `_meta` that names the connections whose items are missing.
inline constexpr std::string_view kMissingKey = "dev.gatehouse/missing";

/// Which list a method asks for; nothing for other methods.
std::optional<ItemKind> list_of(std::string_view method);

/// What `entry` lists of that kind and its tool filter allows: raw items in its server's order.
std::vector<std::string_view> items_of(const ConnectionEntry& entry, ItemKind kind);
/// What items are told apart by: name, uri or uriTemplate.
std::string key_of(ItemKind kind, std::string_view item);

class AggregateLists final {
 public:
  /// All must outlive this.
  struct Parts {
    Directory& directory;
    CatalogRefresher& refresher;
    Logger& log;
    const Clock& clock;
  };
  AggregateLists(Parts parts, StateKeys keys) : parts_(parts), sealer_(std::move(keys)) {}

  /// The caller may read; `identity` is theirs, which cursors are bound to. `server_info` is raw
  /// JSON for `_meta`.
  Task<mcp_server::Reply> answer(mcp_server::Call& call, const identity::Principal& principal,
                                 ItemKind kind, std::string server_info);

 private:
  using Entries = std::vector<std::shared_ptr<ConnectionEntry>>;
  Entries visible(const identity::Principal& principal) const;
  std::string members(const mcp_server::Call& call, ItemKind kind, const Entries& entries,
                      const ListPosition& after, std::string_view server_info) const;
  std::string missing_note(const Entries& entries) const;
  std::int64_t ttl_of(const Entries& entries) const;

  Parts parts_;
  SealedText sealer_;
};

}  // namespace gatehouse::gateway
