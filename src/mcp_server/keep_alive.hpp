// KeepAlive: comment lines on event streams that have been silent, so that proxies and clients do
// not take a long call for a dead one (reference T-6). One task per endpoint, and only while there
// are streams.
#pragma once

#include <chrono>
#include <unordered_set>

#include "async/task_group.hpp"

namespace gatehouse::mcp_server {

class EventStream;

class KeepAlive final {
 public:
  /// `tasks` must have ended before this is destroyed.
  KeepAlive(TaskGroup& tasks, std::chrono::milliseconds every) : tasks_(tasks), every_(every) {}
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;

  void add(EventStream* stream);
  void remove(EventStream* stream) { streams_.erase(stream); }
  TaskGroup& tasks() { return tasks_; }

 private:
  Task<> run();
  TaskGroup& tasks_;
  std::chrono::milliseconds every_;
  std::unordered_set<EventStream*> streams_;
  bool running_ = false;
};

}  // namespace gatehouse::mcp_server
