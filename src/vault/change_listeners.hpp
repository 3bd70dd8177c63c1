// ChangeListeners: the in-process half of a change feed. Stores call publish() after a write is
// durable; caches hear of it before the writer goes on, so that nothing in the writing process is
// stale (design §3). Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "vault/store.hpp"

namespace gatehouse::vault {

class ChangeListeners final {
 public:
  ChangeListeners();
  ~ChangeListeners();
  ChangeListeners(const ChangeListeners&) = delete;
  ChangeListeners& operator=(const ChangeListeners&) = delete;

  /// See ChangeFeed::listen. The handle may outlive this.
  std::shared_ptr<void> add(std::function<void(const Change&)> on_change);
  void publish(const std::vector<Change>& changes);

 private:
  struct List;
  std::shared_ptr<List> list_;
};

}  // namespace gatehouse::vault
