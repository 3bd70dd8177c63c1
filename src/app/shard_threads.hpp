// ShardThreads: the threads of the shards beyond the first, each with its own event loop. Made by
// wiring; they end when wiring says that nothing works there any more.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace gatehouse::app {

class ShardThreads final {
 public:
  ShardThreads();
  /// The loops go last: whatever works on them must be gone before. stop() must have been called.
  ~ShardThreads();
  ShardThreads(const ShardThreads&) = delete;
  ShardThreads& operator=(const ShardThreads&) = delete;

  /// One thread more, and its loop. Errors: unavailable (the system gives no thread).
  Result<Executor> add();
  std::size_t size() const { return loops_.size(); }
  /// Waits until nothing is left to do on any loop, and for the threads' end. Blocks.
  void stop();

 private:
  struct Loop;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace gatehouse::app
