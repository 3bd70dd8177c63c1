// CallLimit: the one deadline and the one cancel signal of a request, whatever phase it is in. Each
// phase installs what must happen when the request is to end early, and looks at reason() after
// each wait.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "async/cancel.hpp"
#include "base/limits.hpp"
#include "net/deadline_wheel.hpp"

namespace gatehouse::net {

class CallLimit final {
 public:
  enum class Reason { none, timeout, cancelled };

  CallLimit(DeadlineWheel& wheel, std::chrono::milliseconds timeout, CancelSource* cancel)
      : deadline_(wheel, [this] { stop(Reason::timeout); }), cancel_(cancel) {
    deadline_.set(timeout);
    if (cancel == nullptr) return;
    registration_ = cancel->on_cancel([this] { stop(Reason::cancelled); });
  }
  CallLimit(const CallLimit&) = delete;
  CallLimit& operator=(const CallLimit&) = delete;

  Reason reason() const { return reason_; }
  bool stopped() const { return reason_ != Reason::none; }
  CancelSource* cancel_source() const { return cancel_; }
  /// How long TCP and TLS may take, each.
  std::chrono::milliseconds connect_timeout() const { return connect_timeout_; }
  void set_connect_timeout(std::chrono::milliseconds timeout) { connect_timeout_ = timeout; }

  /// While it lives, `on_stop` runs when the request must end; it must not resume a task within
  /// the call. It does not run for a limit that stopped before.
  class Phase final {
   public:
    Phase(CallLimit& limit, std::function<void()> on_stop)
        : limit_(limit), outer_(std::exchange(limit.on_stop_, std::move(on_stop))) {}
    ~Phase() { limit_.on_stop_ = std::move(outer_); }
    Phase(const Phase&) = delete;
    Phase& operator=(const Phase&) = delete;

   private:
    CallLimit& limit_;
    std::function<void()> outer_;
  };

 private:
  void stop(Reason reason) {
    if (stopped()) return;
    reason_ = reason;
    if (on_stop_) on_stop_();
  }

  Deadline deadline_;
  CancelSource* cancel_;
  std::chrono::milliseconds connect_timeout_ = limits::kConnectTimeout;
  CancelSource::Registration registration_;
  std::function<void()> on_stop_;
  Reason reason_ = Reason::none;
};

}  // namespace gatehouse::net
