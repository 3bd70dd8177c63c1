// CatalogRefresher: lists connections whose tools are not known yet when somebody searches, and
// refreshes old lists beside the search (design: rule 6: at most 8 at once, 5 s each, 8 s in all,
// what is missing is named).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "gateway/directory.hpp"
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

 private:
  Task<> refresh(std::shared_ptr<ConnectionEntry> entry, MemberId member);
  bool due(const ConnectionEntry& entry) const;

  Parts parts_;
  Condition changed_;
  std::set<std::string> running_;  ///< connection names
};

}  // namespace gatehouse::gateway
