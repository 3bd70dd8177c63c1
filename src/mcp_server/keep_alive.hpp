// KeepAlive: what happens when an answer has been silent for long, so that proxies and clients do
// not take a long call for a dead one (reference T-6, G-17). One task per endpoint, and only while
// there is something to look at. Belonging to it costs no allocation.
#pragma once

#include <chrono>
#include <cstddef>

#include "async/task_group.hpp"

namespace gatehouse::mcp_server {

class KeepAlive;

/// Something that is told about its silence; leaves when destroyed.
class KeepAliveEntry {
 public:
  KeepAliveEntry() = default;
  virtual ~KeepAliveEntry() { unlink(); }
  KeepAliveEntry(const KeepAliveEntry&) = delete;
  KeepAliveEntry& operator=(const KeepAliveEntry&) = delete;

  /// Called once per interval.
  virtual void on_tick() = 0;
  void unlink();

 private:
  friend class KeepAlive;
  KeepAliveEntry* previous_ = nullptr;
  KeepAliveEntry* next_ = nullptr;
};

class KeepAlive final {
 public:
  /// `tasks` must have ended before this is destroyed.
  KeepAlive(TaskGroup& tasks, std::chrono::milliseconds every);
  ~KeepAlive();
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;

  void add(KeepAliveEntry& entry);
  TaskGroup& tasks() { return tasks_; }

 private:
  struct Head final : KeepAliveEntry {
    void on_tick() override {}
  };
  bool empty() const { return head_.next_ == &head_; }
  Task<> run();

  TaskGroup& tasks_;
  std::chrono::milliseconds every_;
  Head head_;  ///< of a ring
  bool running_ = false;
};

}  // namespace gatehouse::mcp_server
