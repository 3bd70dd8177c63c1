// Condition: tasks of one shard wait until another task of it notifies. Single-threaded; check the
// predicate in a loop.
#pragma once

#include <memory>

#include "async/task.hpp"

namespace gatehouse {

class Condition final {
 public:
  explicit Condition(Executor executor);
  ~Condition();
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  /// Returns after the next notify_all() that follows this call. Throws operation_aborted when the
  /// task is cancelled, or when the condition is destroyed.
  Task<> wait();
  void notify_all();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse
