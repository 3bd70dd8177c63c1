// CancelSource: tells work under way, possibly several layers down, that nobody wants its outcome
// any more. Explicit, cheap and without a task of its own, for the path of a call; background work
// is cancelled through its TaskGroup.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace gatehouse {

class CancelSource final {
 public:
  /// Removes the callback when destroyed. Must not outlive the source.
  class Registration final {
   public:
    Registration() = default;
    Registration(CancelSource* source, std::uint64_t id) : source_(source), id_(id) {}
    Registration(Registration&& other) noexcept
        : source_(std::exchange(other.source_, nullptr)), id_(other.id_) {}
    Registration& operator=(Registration&& other) noexcept;
    ~Registration() { reset(); }
    void reset();

   private:
    CancelSource* source_ = nullptr;
    std::uint64_t id_ = 0;
  };

  CancelSource() = default;
  CancelSource(const CancelSource&) = delete;
  CancelSource& operator=(const CancelSource&) = delete;

  bool cancelled() const { return cancelled_; }
  /// Runs every callback once, in order of registration. Idempotent.
  void cancel();
  /// `callback` runs at cancel(), or at once when already cancelled. It must not throw.
  [[nodiscard]] Registration on_cancel(std::function<void()> callback);

 private:
  std::vector<std::pair<std::uint64_t, std::function<void()>>> callbacks_;
  std::uint64_t next_id_ = 1;
  bool cancelled_ = false;
};

}  // namespace gatehouse
