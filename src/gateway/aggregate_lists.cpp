#include "gateway/aggregate_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "gateway/names.hpp"
#include "gateway/replies.hpp"
#include "identity/decision.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/versions.hpp"
#include "vault/standing.hpp"

namespace gatehouse::gateway {
namespace {

using mcp_server::Call;
using mcp_server::Reply;

struct List {
  ItemKind kind;
  std::string_view method;
  std::string_view member;  ///< of the result
  std::string_view key;     ///< member of an item
  std::vector<std::string> vault::StoredCatalog::* stored;
};
constexpr std::array<List, 4> kLists{{
    {ItemKind::tool, "tools/list", "tools", "name", &vault::StoredCatalog::tools},
    {ItemKind::prompt, "prompts/list", "prompts", "name", &vault::StoredCatalog::prompts},
    {ItemKind::resource, "resources/list", "resources", "uri", &vault::StoredCatalog::resources},
    {ItemKind::resource_template, "resources/templates/list", "resourceTemplates", "uriTemplate",
     &vault::StoredCatalog::templates},
}};

const List& list_for(ItemKind kind) {
  return *std::ranges::find(kLists, kind, &List::kind);
}

}  // namespace

std::optional<ItemKind> list_of(std::string_view method) {
  const auto found = std::ranges::find(kLists, method, &List::method);
  if (found == kLists.end()) return std::nullopt;
  return found->kind;
}

std::string key_of(ItemKind kind, std::string_view item) {
  return jsonrpc::JsonView::of_proved(item).string(list_for(kind).key).value_or("");
}

std::vector<std::string_view> items_of(const ConnectionEntry& entry, ItemKind kind) {
  std::vector<std::string_view> items;
  if (!entry.stored) return items;
  std::set<std::string> seen;
  for (const std::string& raw : (*entry.stored).*list_for(kind).stored) {
    std::string key = key_of(kind, raw);
    if (key.empty() || (kind == ItemKind::tool && !entry.has_tool(key))) continue;
    if (!seen.insert(std::move(key)).second) continue;
    items.emplace_back(raw);
  }
  return items;
}

Task<Reply> AggregateLists::answer(Call& call, const identity::Principal& principal, ItemKind kind,
                                   std::string server_info) {
  ListPosition after;
  const auto cursor = jsonrpc::JsonView::of_proved(call.params()).find("cursor");
  const SealedText::Binding binding{"cursor", call.method(), call.caller().identity};
  if (cursor) {
    const std::optional<std::string> text = cursor->as_string();
    const auto opened = open_cursor(sealer_, text.value_or(""), binding);
    if (!text || !opened) {
      co_return failure_reply(jsonrpc::kInvalidParams,
                              "invalid cursor; ask for the list again without one");
    }
    after = *opened;
  }
  if (const auto fresh = co_await parts_.directory.ensure_fresh(); !fresh) {
    parts_.log.error("directory_not_loaded", {{"error", fresh.error().detail}});
    co_return failure_reply(jsonrpc::kInternalError, "the list of connections cannot be read");
  }
  if (!cursor) co_await parts_.refresher.prepare({}, principal.member);
  Reply reply;
  reply.value = Reply::Result{members(call, kind, visible(principal), after, server_info), {}};
  co_return reply;
}

AggregateLists::Entries AggregateLists::visible(const identity::Principal& principal) const {
  Entries entries;
  for (const ConnectionNote& note : parts_.directory.notes()) {
    std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(note.name);
    if (entry && identity::may_see(principal, *entry->connection))
      entries.push_back(std::move(entry));
  }
  return entries;
}

std::string AggregateLists::members(const Call& call, ItemKind kind, const Entries& entries,
                                    const ListPosition& after, std::string_view server_info) const {
  std::vector<std::vector<std::string_view>> items;
  std::vector<std::vector<std::string>> keys;
  std::vector<ItemSource> sources;
  for (const std::shared_ptr<ConnectionEntry>& entry : entries) {
    items.push_back(items_of(*entry, kind));
    keys.emplace_back();
    for (const std::string_view item : items.back()) keys.back().push_back(key_of(kind, item));
  }
  for (std::size_t i = 0; i < entries.size(); ++i)
    sources.push_back({entries[i]->connection->name, {keys[i].begin(), keys[i].end()}});
  const ListPage page =
      next_page(sources, after, limits::kAggregatePage, limits::kAggregatePageBytes,
                [&](PageItem item) { return items[item.source][item.item].size(); });
  std::string out = fmt::format("\"{}\":[", list_for(kind).member);
  for (const PageItem item : page.items) {
    const std::string& connection = sources[item.source].connection;
    Result<std::string> mapped = map_item(kind, connection, items[item.source][item.item],
                                          public_name(connection, keys[item.source][item.item]));
    if (!mapped) continue;  // one item has no 20,000 URIs
    if (out.back() != '[') out += ',';
    out += *mapped;
  }
  out += ']';
  if (page.next) {
    const SealedText::Binding binding{"cursor", call.method(), call.caller().identity};
    out += ",\"nextCursor\":" + jsonrpc::quote(seal_cursor(sealer_, *page.next, binding));
  }
  const std::string missing = missing_note(entries);
  out +=
      fmt::format(R"(,"ttlMs":{},"cacheScope":"private")", missing.empty() ? ttl_of(entries) : 0);
  if (!missing.empty())
    out += fmt::format(R"(,"_meta":{{"{}":{},"{}":[{}]}})", mcp::kMetaServerInfo, server_info,
                       kMissingKey, missing);
  return out;
}

std::string AggregateLists::missing_note(const Entries& entries) const {
  std::string out;
  for (const std::shared_ptr<ConnectionEntry>& entry : entries) {
    if (entry->listed) continue;
    const std::string_view why = to_string(vault::standing_of(*entry->connection, entry->state));
    parts_.log.warn("missing_in_list", {{"connection", entry->connection->name}, {"state", why}});
    out += fmt::format(R"({}{{"connection":{},"availability":"{}"}})", out.empty() ? "" : ",",
                       jsonrpc::quote(entry->connection->name), why);
  }
  return out;
}

// The least of what the servers allow, less what has passed of it (K-1, G-13).
std::int64_t AggregateLists::ttl_of(const Entries& entries) const {
  std::optional<std::int64_t> least;
  for (const std::shared_ptr<ConnectionEntry>& entry : entries) {
    if (!entry->stored) return 0;
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
        parts_.clock.now() - entry->listed_at().value_or(entry->stored->fetched_at));
    const std::int64_t left = std::max<std::int64_t>(0, entry->stored->ttl_ms - age.count());
    least = std::min(left, least.value_or(left));
  }
  return least.value_or(0);
}

}  // namespace gatehouse::gateway
