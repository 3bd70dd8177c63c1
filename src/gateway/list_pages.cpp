#include "gateway/list_pages.hpp"

#include <algorithm>
#include <charconv>

namespace gatehouse::gateway {
namespace {

// Where a connection's items go on. What stood behind the last item is looked for too, because the
// last item may have gone since.
std::size_t start_in(const ItemSource& source, const ListPosition& after) {
  const auto index_of = [&](std::string_view key) {
    return static_cast<std::size_t>(std::ranges::find(source.keys, key) - source.keys.begin());
  };
  const std::size_t size = source.keys.size();
  if (const std::size_t last = index_of(after.key); last < size) return last + 1;
  if (after.next_key.empty()) return size;
  if (const std::size_t next = index_of(after.next_key); next < size) return next;
  return std::min(after.index, size);
}

}  // namespace

ListPage next_page(std::span<const ItemSource> sources, const ListPosition& after,
                   std::size_t max_items, std::size_t max_bytes,
                   const std::function<std::size_t(PageItem)>& size_of) {
  ListPage page;
  std::size_t bytes = 0;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const ItemSource& source = sources[s];
    if (source.connection < after.connection) continue;
    std::size_t item = source.connection == after.connection ? start_in(source, after) : 0;
    for (; item < source.keys.size(); ++item) {
      if (page.items.size() >= max_items || (bytes >= max_bytes && !page.items.empty())) {
        const PageItem last = page.items.back();
        const ItemSource& from = sources[last.source];
        const bool behind = last.item + 1 < from.keys.size();
        page.next =
            ListPosition{from.connection, std::string(from.keys[last.item]),
                         behind ? std::string(from.keys[last.item + 1]) : std::string(), last.item};
        return page;
      }
      page.items.push_back({s, item});
      bytes += size_of(page.items.back());
    }
  }
  return page;
}

std::string seal_cursor(const SealedText& sealer, const ListPosition& position,
                        const SealedText::Binding& binding) {
  const std::string index = std::to_string(position.index);
  return sealer.seal({position.connection, position.key, position.next_key, index}, binding);
}

Result<ListPosition> open_cursor(const SealedText& sealer, std::string_view cursor,
                                 const SealedText::Binding& binding) {
  auto parts = sealer.open(cursor, binding);
  if (!parts) return std::unexpected(parts.error());
  if (parts->size() != 4) return fail(Errc::invalid_argument, "no position of ours");
  ListPosition position{(*parts)[0], (*parts)[1], (*parts)[2], 0};
  const std::string& index = (*parts)[3];
  std::from_chars(index.data(), index.data() + index.size(), position.index);
  return position;
}

}  // namespace gatehouse::gateway
