// The search index of a Directory: made beside the calls, on a worker, out of what the shard holds
// at that moment.
#include "gateway/directory.hpp"
#include "identity/tool_filter.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

/// What is needed of one connection to index it; shared with the shard, and not changed by it.
struct Part {
  std::shared_ptr<ConnectionEntry> entry;  ///< the shard's; not looked at on the worker
  std::shared_ptr<const vault::Connection> connection;
  std::shared_ptr<const vault::StoredCatalog> stored;
  std::map<std::string, std::optional<std::string>, std::less<>> blocked;
  std::shared_ptr<const catalog::ConnectionCatalog> catalog;  ///< null: to be made
};

/// What is kept back is found as it was approved: its new words are what nobody has agreed to.
std::shared_ptr<const catalog::ConnectionCatalog> make_catalog(const Part& part) {
  std::vector<catalog::Capability> capabilities;
  const auto add = [&](const std::string& raw) {
    std::optional<catalog::Capability> one = to_capability(part.connection->name, raw);
    if (one && identity::allows_tool(part.connection->options.tools, one->tool))
      capabilities.push_back(std::move(*one));
  };
  if (part.stored) {
    for (const std::string& raw : part.stored->tools) {
      const auto name = jsonrpc::JsonView::of_proved(raw).string("name");
      if (name && !part.blocked.contains(*name)) add(raw);
    }
    for (const auto& [name, accepted] : part.blocked)
      if (accepted) add(*accepted);
  }
  return catalog::ConnectionCatalog::make(std::move(capabilities));
}

std::shared_ptr<const catalog::Index> make_index(const std::vector<Part>& parts) {
  std::vector<std::shared_ptr<const catalog::ConnectionCatalog>> catalogs;
  for (const Part& part : parts) catalogs.push_back(part.catalog);
  return std::make_shared<const catalog::Index>(std::move(catalogs));
}

/// Connection by connection: the store's work gets its turn between them.
Task<std::shared_ptr<const catalog::Index>> make_beside(Workers* workers,
                                                        std::vector<Part>& parts) {
  for (Part& part : parts) {
    if (part.catalog) continue;
    if (workers == nullptr) {
      part.catalog = make_catalog(part);
    } else {
      part.catalog = co_await workers->run([&part] { return make_catalog(part); });
    }
  }
  if (workers == nullptr) co_return make_index(parts);
  co_return co_await workers->run([&parts] { return make_index(parts); });
}

}  // namespace

Task<std::shared_ptr<const catalog::Index>> Directory::index() {
  while (indexed_ != lists_) {
    if (indexing_) {
      co_await indexed_condition_.wait();
      continue;
    }
    indexing_ = true;
    const std::uint64_t of = lists_;
    std::vector<Part> parts;
    for (const auto& [name, entry] : entries_)
      parts.push_back({entry, entry->connection, entry->stored, entry->blocked, entry->catalog});
    std::shared_ptr<const catalog::Index> made;
    try {
      made = co_await make_beside(workers_, parts);
    } catch (...) {
      indexing_ = false;
      indexed_condition_.notify_all();
      throw;
    }
    for (Part& part : parts) part.entry->catalog = std::move(part.catalog);
    index_ = std::move(made);
    indexed_ = of;
    indexing_ = false;
    indexed_condition_.notify_all();
    // What changed meanwhile is for the next who asks: this one has what was known when it asked.
    co_return index_;
  }
  co_return index_;
}

}  // namespace gatehouse::gateway
