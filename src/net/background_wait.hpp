// BackgroundWait: lets an asynchronous wait be pending without keeping io_context::run() from
// returning, as an idle pooled connection or a coarse clock should (libuv calls it "unref").
// Counts one unit of the context's work down and, before that wait completes, up again.
#pragma once

#include "async/task.hpp"

namespace gatehouse::net {

class BackgroundWait final {
 public:
  explicit BackgroundWait(Executor executor) : executor_(executor) {}
  ~BackgroundWait() { end(); }
  BackgroundWait(const BackgroundWait&) = delete;
  BackgroundWait& operator=(const BackgroundWait&) = delete;

  /// Call after the wait has been started.
  void begin() {
    if (!active_) executor_.on_work_finished();
    active_ = true;
  }
  /// Call first thing in the wait's handler, and before the wait is cancelled or becomes
  /// foreground.
  void end() {
    if (active_) executor_.on_work_started();
    active_ = false;
  }

 private:
  Executor executor_;
  bool active_ = false;
};

}  // namespace gatehouse::net
