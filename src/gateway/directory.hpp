// Directory: one organization's connections and their tools as the call path sees them, in memory
// (design §3, "Waiting"). A shard has one; it is loaded from the store, replaced entry by entry
// when the change feed says so, and never asked to wait once loaded.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/condition.hpp"
#include "base/log.hpp"
#include "catalog/connection_catalog.hpp"
#include "catalog/index.hpp"
#include "gateway/meta_tools.hpp"
#include "mcp/schema.hpp"
#include "vault/store.hpp"

namespace gatehouse::gateway {

/// A tool ready to be called.
struct ToolEntry {
  std::string name;  ///< as its server knows it
  catalog::Risk risk = catalog::Risk::write;
  std::string input_schema;  ///< raw JSON
  /// Compiled at first use. Null after that: the schema cannot be compiled, and `schema_problem`
  /// says why.
  std::unique_ptr<mcp::Schema> schema;
  std::optional<Error> schema_problem;

  /// The compiled schema; null with schema_problem set.
  const mcp::Schema* compiled();
};

struct ConnectionEntry {
  std::shared_ptr<const vault::Connection> connection;
  vault::ConnectionState state;
  bool listed = false;  ///< a catalog is stored, be it empty
  std::shared_ptr<const catalog::ConnectionCatalog> catalog;
  std::map<std::string, std::unique_ptr<ToolEntry>, std::less<>> tools;
  /// What its server lists, the filter not applied; null: never listed.
  std::shared_ptr<const vault::StoredCatalog> stored;
  /// Tools by the short form of their names (names.hpp), without the connection's.
  std::map<std::string, ToolEntry*, std::less<>> shortened;

  ConnectionNote note() const;
  /// By its own name or the short form; null when there is none.
  ToolEntry* find_tool(std::string_view name) const;
};

class Directory final {
 public:
  /// `store` and `logger` must outlive the directory.
  Directory(OrganizationId organization, vault::Store& store, Logger& logger, Executor executor);

  /// Loads what is missing or was changed. Cheap when nothing is; concurrent callers share one
  /// load. Errors: storage.
  Task<Result<void>> ensure_fresh();
  bool fresh() const { return loaded_ && stale_.empty() && !all_stale_; }

  /// From the change feed: what must be loaded again before the next use.
  void on_change(const vault::Change& change);
  /// The feed was silent or reconnected: nothing in memory may be trusted.
  void drop();

  /// By connection name; null when there is none or it is disabled. Tools that its filter leaves
  /// out are not in it. Valid until the next ensure_fresh() that changes it, so hold the pointer.
  std::shared_ptr<ConnectionEntry> find(std::string_view connection) const;
  /// Sorted by name.
  std::vector<ConnectionNote> notes() const;
  /// Everything, ranked.
  std::shared_ptr<const catalog::Index> index() const { return index_; }

 private:
  Task<Result<void>> load_all();
  Task<Result<void>> load_one(vault::Connection connection);
  void rebuild_index();

  OrganizationId organization_;
  vault::Store& store_;
  Logger& logger_;
  Condition loaded_condition_;
  std::map<std::string, std::shared_ptr<ConnectionEntry>, std::less<>> entries_;  ///< by name
  std::shared_ptr<const catalog::Index> index_;
  std::set<std::string> stale_;  ///< connection ids
  bool all_stale_ = true;
  bool loaded_ = false;
  bool loading_ = false;
};

/// A stored tool as capability; nothing when its definition has no name.
std::optional<catalog::Capability> to_capability(std::string_view connection,
                                                 std::string_view raw_tool);

}  // namespace gatehouse::gateway
