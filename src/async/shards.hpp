// Shards: the event loops of one process, one thread each, and the way from one to another
// (design §2, "shard"). State belongs to the shard that made it; whoever needs another's runs a
// task there and waits here. Threads are started and joined by app/shard_threads; a process of one
// shard has one loop here and never posts.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "async/task.hpp"

namespace gatehouse {

/// Runs `work` on the loop of `where` and returns when it has ended, on the loop of the awaiting
/// task, which need not stay alive otherwise: `work` may use its locals. An exception of `work` is
/// rethrown here; cancelling the awaiting task cancels `work`, whose end is awaited all the same.
Task<> run_on(Executor where, std::function<Task<>()> work);

/// Queues `work` on that loop, always, and does not wait. See Shards::post().
void post_to(const Executor& where, std::function<void()> work);

namespace detail {

template <class T>
Task<> keep_result(std::function<Task<T>()>& work, std::optional<T>& into) {
  into.emplace(co_await work());
}

}  // namespace detail

/// The same with a value, which is moved across. The function itself must not be a coroutine.
template <class T>
Task<T> run_on(Executor where, std::function<Task<T>()> work) {
  std::optional<T> result;
  co_await run_on(where, std::function<Task<>()>(
                             [&work, &result] { return detail::keep_result<T>(work, result); }));
  co_return std::move(*result);
}

/// The loops by number; 0 is the one that the program started on. Read-only once shared.
class Shards final {
 public:
  explicit Shards(std::vector<Executor> loops) : loops_(std::move(loops)) {}

  std::size_t size() const { return loops_.size(); }
  const Executor& loop(std::size_t shard) const { return loops_[shard]; }
  /// Queues `work` there, always, and does not wait. What one thread posts to a shard runs in that
  /// order, and before the end of what it ran here for that shard is seen there.
  void post(std::size_t shard, std::function<void()> work) const {
    post_to(loops_[shard], std::move(work));
  }
  /// `work` on that shard, and its value here. See run_on().
  template <class T>
  Task<T> run(std::size_t shard, std::function<Task<T>()> work) const {
    return run_on<T>(loops_[shard], std::move(work));
  }

 private:
  std::vector<Executor> loops_;
};

/// A shard of a process that knows the others: where something that is one per shard is told who
/// its siblings are. Outlives what it is given to.
struct ShardPlace {
  const Shards& shards;
  std::size_t here = 0;

  bool alone() const { return shards.size() == 1; }
};

/// A CancelSource of this shard as work on another one sees it. Made and destroyed on this shard;
/// the work must have ended before it goes, which run_on() sees to.
class CancelRelay final {
 public:
  /// `source` may be null: then nothing is ever cancelled.
  CancelRelay(CancelSource* source, Executor where);
  /// For the work, on its own shard.
  CancelSource& there() { return *there_; }

 private:
  std::shared_ptr<CancelSource> there_;
  CancelSource::Registration registration_;
};

}  // namespace gatehouse
