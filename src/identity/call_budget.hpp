// CallBudget: how many calls one agent token, or one connection, may have under way and how fast
// they may come, counted for the whole process: every shard asks the same budget, without a lock.
// The rate is a generic cell rate algorithm: `burst` calls at once, then one per 1/`per_second`.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace gatehouse::identity {

struct CallLimits {
  int under_way = 0;
  double per_second = 0;  ///< 0: as fast as they come
  int burst = 1;          ///< calls that may come at once before the rate holds
};

class CallBudget final {
 public:
  struct Refusal {
    enum class Why { under_way, rate } why = Why::under_way;
    int under_way = 0;  ///< calls that are
    std::chrono::nanoseconds
        retry_after{};  ///< until a call fits into the rate; for under_way, a second
  };
  /// Takes a place, to be given back by leave(), unless there is none. Any thread.
  std::optional<Refusal> try_enter(const CallLimits& limits, SteadyTime now);
  void leave() { under_way_.fetch_sub(1, std::memory_order_relaxed); }
  int under_way() const { return under_way_.load(std::memory_order_relaxed); }

 private:
  bool fits_rate(const CallLimits& limits, SteadyTime now, std::chrono::nanoseconds& wait);

  std::atomic<int> under_way_{0};
  std::atomic<std::int64_t> arrival_ns_{0};  ///< when the next call would be exactly on time
};

/// A place in a budget that try_enter() has given, given back at the end.
class BudgetPlace final {
 public:
  BudgetPlace() = default;
  void hold(std::shared_ptr<CallBudget> budget) { budget_ = std::move(budget); }
  BudgetPlace(const BudgetPlace&) = delete;
  BudgetPlace& operator=(const BudgetPlace&) = delete;
  ~BudgetPlace() {
    if (budget_) budget_->leave();
  }

 private:
  std::shared_ptr<CallBudget> budget_;
};

/// The budgets of a process, by key. Whoever asks often keeps what it got.
class CallBudgets final {
 public:
  /// The same for the same key for as long as somebody keeps it. Any thread.
  std::shared_ptr<CallBudget> find(std::string_view key);
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<CallBudget>, std::less<>> budgets_;
  std::size_t sweep_at_ = 64;
};

}  // namespace gatehouse::identity
