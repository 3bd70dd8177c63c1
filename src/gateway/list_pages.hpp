// Pages of an aggregated list (reference G-4, F-8): which items of which connection come next, as a
// pure walk over snapshots, and cursors that name the place by connection and item, so that a
// change elsewhere between two pages neither repeats nor skips. Used by the aggregate service.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/sealed_text.hpp"

namespace gatehouse::gateway {

/// Items of one connection in its server's order. `keys` are what items are told apart by: the name
/// of a tool or prompt, the URI of a resource.
struct ItemSource {
  std::string connection;
  std::vector<std::string_view> keys;
};

/// After which item a page begins. Empty: at the start.
struct ListPosition {
  std::string connection;
  std::string key;        ///< the last item that was given
  std::string next_key;   ///< the one behind it then; empty: it was the last of its connection
  std::size_t index = 0;  ///< of the last item; used when neither is there any more
  friend bool operator==(const ListPosition&, const ListPosition&) = default;
};

struct PageItem {
  std::size_t source = 0;
  std::size_t item = 0;
};
struct ListPage {
  std::vector<PageItem> items;
  std::optional<ListPosition> next;  ///< nothing: this was the last page
};

/// `sources` sorted by connection. At most `max_items`, and no more once `size_of` of the items
/// adds up to `max_bytes`; at least one where any is left.
ListPage next_page(std::span<const ItemSource> sources, const ListPosition& after,
                   std::size_t max_items, std::size_t max_bytes,
                   const std::function<std::size_t(PageItem)>& size_of);

/// Cursors: `binding` names method and caller, so that a cursor is good for its list only.
std::string seal_cursor(const SealedText& sealer, const ListPosition& position,
                        const SealedText::Binding& binding);
Result<ListPosition> open_cursor(const SealedText& sealer, std::string_view cursor,
                                 const SealedText::Binding& binding);

}  // namespace gatehouse::gateway
