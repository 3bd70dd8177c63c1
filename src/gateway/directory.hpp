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
#include "async/workers.hpp"
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

/// Of lists as agents may see them; 0: empty. Equal when nothing changed, within this process.
struct ListHashes {
  std::size_t tools = 0, prompts = 0, resources = 0, templates = 0;
};

constexpr std::size_t mix_hashes(std::size_t hash, std::size_t more) {
  return hash * 1099511628211U + more;
}

/// A connection and what its server lists. Its tools are read from the stored list when they are
/// first asked for.
class ConnectionEntry {
 public:
  std::shared_ptr<const vault::Connection> connection;
  vault::ConnectionState state;
  bool listed = false;  ///< a catalog is stored, be it empty
  /// What its server lists, the filter not applied; null: never listed.
  std::shared_ptr<const vault::StoredCatalog> stored;
  /// Changed or new tools that this connection's policy keeps back until they are approved, by the
  /// server's name for them. Null definition: there is none that was approved.
  std::map<std::string, std::optional<std::string>, std::less<>> blocked;
  /// Its part of the index; null until the index was made with it.
  std::shared_ptr<const catalog::ConnectionCatalog> catalog;

  ConnectionNote note() const;
  /// By its own name or the short form; null when there is none that may be called.
  ToolEntry* find_tool(std::string_view name) const;
  /// By the server's own name.
  bool has_tool(std::string_view name) const;
  std::size_t tool_count() const;
  /// Errc::policy for a tool that is kept back: who must act, and how. Takes the short form too.
  std::optional<Error> why_blocked(std::string_view name) const;
  /// When its server last confirmed the list.
  std::optional<SystemTime> listed_at() const;
  /// Made once: an entry is replaced when its lists change.
  const ListHashes& hashes() const;
  bool hashed() const { return hashes_.has_value(); }

 private:
  struct Tools {
    std::map<std::string, std::unique_ptr<ToolEntry>, std::less<>> by_name;
    /// By the short form of their names (names.hpp), without the connection's.
    std::map<std::string, ToolEntry*, std::less<>> shortened;
  };
  Tools& tools() const;
  mutable std::unique_ptr<Tools> tools_;
  mutable std::optional<ListHashes> hashes_;
};

class Directory final {
 public:
  /// `store`, `logger` and `workers` must outlive the directory. `workers` make the index, which
  /// would hold up calls; null: the caller's thread does.
  Directory(OrganizationId organization, vault::Store& store, Logger& logger, Executor executor,
            Workers* workers = nullptr);

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
  std::shared_ptr<ConnectionEntry> find(const ConnectionId& id) const;
  /// Sorted by name.
  std::vector<ConnectionNote> notes() const;
  /// All that find() finds, by name. Not to be kept beyond the next co_await.
  const std::map<std::string, std::shared_ptr<ConnectionEntry>, std::less<>>& entries() const {
    return entries_;
  }
  /// Everything that ensure_fresh() has loaded, ranked. Made anew when lists have changed since;
  /// who asks meanwhile shares that.
  Task<std::shared_ptr<const catalog::Index>> index();

 private:
  enum class Stale { state, all };
  /// What is read at once where everything is loaded.
  struct ReadAhead {
    std::map<ConnectionId, vault::StoredCatalog> lists;
    std::map<ConnectionId, vault::ConnectionState> states;
  };
  Task<Result<void>> load_all();
  Task<Result<ReadAhead>> read_ahead();
  Task<Result<void>> load_one(vault::Connection connection);
  Task<Result<void>> load_lists(ConnectionEntry& entry);
  Task<Result<void>> load_state(ConnectionEntry& entry);

  OrganizationId organization_;
  vault::Store& store_;
  Logger& logger_;
  Workers* workers_;
  Condition loaded_condition_;
  std::map<std::string, std::shared_ptr<ConnectionEntry>, std::less<>> entries_;  ///< by name
  std::optional<ReadAhead> read_ahead_;
  Condition indexed_condition_;
  std::shared_ptr<const catalog::Index> index_;
  std::uint64_t lists_ = 1;    ///< counts changes of lists
  std::uint64_t indexed_ = 0;  ///< what index_ was made of
  bool indexing_ = false;
  std::map<std::string, Stale> stale_;  ///< by connection id
  bool all_stale_ = true;
  bool loaded_ = false;
  bool loading_ = false;
};

/// A stored tool as capability; nothing when its definition has no name.
std::optional<catalog::Capability> to_capability(std::string_view connection,
                                                 std::string_view raw_tool);

}  // namespace gatehouse::gateway
