// CatalogRefresher: lists connections whose tools are not known yet when somebody searches or
// lists, and refreshes old lists beside that (design: rule 6: at most 8 at once, 5 s each, 8 s in
// all, what is missing is named). What servers say of changed lists leads here too. When a list is
// old is decided by Freshness.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "gateway/directory.hpp"
#include "gateway/freshness.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::gateway {

class CatalogRefresher final {
 public:
  /// All must outlive the refresher.
  struct Parts {
    Directory& directory;
    upstream::Upstreams& upstreams;
    TaskGroup& tasks;
    const Clock& clock;
    Executor executor;
  };
  explicit CatalogRefresher(Parts parts);

  /// Waits, within the bounds, until connections that were never listed have been, and starts
  /// refreshing old lists without waiting. `only` limits it to one connection; empty: all.
  Task<> prepare(std::string only, MemberId member);

  /// A server said `notifications/…/list_changed`: its lists are asked for again, soon, once for
  /// all that is said meanwhile. `done` is called when the directory has what came of it, be it
  /// nothing; agents that are told then find the new list. Other methods are ignored.
  void on_list_changed(const vault::CredentialKey& upstream, std::string_view method,
                       std::function<void()> done = {});

 private:
  Task<> refresh(std::shared_ptr<ConnectionEntry> entry, MemberId member);
  Task<> refresh_soon(ConnectionId id, MemberId member, Duration wait);
  Freshness& freshness_of(const ConnectionEntry& entry);
  bool due(const ConnectionEntry& entry);

  Parts parts_;
  Condition changed_;
  std::set<std::string> running_;  ///< connection names
  std::map<ConnectionId, Freshness> freshness_;
  std::map<ConnectionId, std::vector<std::function<void()>>> soon_;  ///< who waits for it
};

}  // namespace gatehouse::gateway
