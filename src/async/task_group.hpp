// TaskGroup: background tasks of one shard. Their ends are logged, and shutdown() cancels and
// awaits them all (no `detached`).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/log.hpp"

namespace gatehouse {

class TaskGroup final {
 public:
  /// `logger` must outlive the group.
  TaskGroup(Executor executor, Logger& logger);
  /// All tasks must have ended (await shutdown() first).
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `work`. An exception that ends it is logged under `name` as a bug; cancellation is not.
  void spawn(std::string name, Task<> work);
  /// Cancels every task and returns when the last has ended. Nothing may be spawned afterwards.
  Task<> shutdown();
  /// Returns when no task is running; cancels none.
  Task<> drain();
  std::size_t size() const;
  /// shutdown() has begun: what is spawned now never runs.
  bool closed() const;
  Executor executor() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse
