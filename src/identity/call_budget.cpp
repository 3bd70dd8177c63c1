#include "identity/call_budget.hpp"

#include <algorithm>

namespace gatehouse::identity {

std::optional<CallBudget::Refusal> CallBudget::try_enter(const CallLimits& limits, SteadyTime now) {
  const int before = under_way_.fetch_add(1, std::memory_order_relaxed);
  if (before >= limits.under_way) {
    leave();
    return Refusal{Refusal::Why::under_way, before, std::chrono::seconds(1)};
  }
  std::chrono::nanoseconds wait{};
  if (fits_rate(limits, now, wait)) return std::nullopt;
  leave();
  return Refusal{Refusal::Why::rate, before, wait};
}

bool CallBudget::fits_rate(const CallLimits& limits, SteadyTime now,
                           std::chrono::nanoseconds& wait) {
  if (limits.per_second <= 0) return true;
  using std::chrono::nanoseconds;
  const auto now_ns = std::chrono::duration_cast<nanoseconds>(now.time_since_epoch()).count();
  const auto each = static_cast<std::int64_t>(1e9 / limits.per_second);
  const std::int64_t ahead = each * (std::max(limits.burst, 1) - 1);
  std::int64_t arrival = arrival_ns_.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t on_time = std::max(arrival, now_ns);
    if (on_time - now_ns > ahead) {
      wait = nanoseconds(on_time - now_ns - ahead);
      return false;
    }
    if (arrival_ns_.compare_exchange_weak(arrival, on_time + each, std::memory_order_relaxed))
      return true;
  }
}

std::shared_ptr<CallBudget> CallBudgets::find(std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (const auto found = budgets_.find(key); found != budgets_.end()) {
    if (std::shared_ptr<CallBudget> known = found->second.lock()) return known;
  }
  if (budgets_.size() >= sweep_at_) {
    std::erase_if(budgets_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, 2 * budgets_.size());
  }
  auto made = std::make_shared<CallBudget>();
  budgets_.insert_or_assign(std::string(key), made);
  return made;
}

std::size_t CallBudgets::size() const {
  const std::lock_guard lock(mutex_);
  return budgets_.size();
}

}  // namespace gatehouse::identity
