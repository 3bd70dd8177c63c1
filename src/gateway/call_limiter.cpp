#include "gateway/call_limiter.hpp"

#include <fmt/format.h>

namespace gatehouse::gateway {
namespace {

constexpr std::size_t kKnown = 4096;  // then what rests is forgotten

using identity::CallBudget;
using identity::CallLimits;

TooMuch explain(const CallBudget::Refusal& refusal, const CallLimits& limits, std::string_view of,
                std::string_view key) {
  const auto wait = std::chrono::ceil<std::chrono::seconds>(refusal.retry_after);
  const std::string detail =
      refusal.why == CallBudget::Refusal::Why::under_way
          ? fmt::format("{} calls to {} are under way (limits.{}_calls)", refusal.under_way, of,
                        key)
          : fmt::format("calls to {} come faster than {:g} a second (limits.{}_rate)", of,
                        limits.per_second, key);
  return {{Errc::rate_limited, detail, fmt::format("wait {} s and call again", wait.count())},
          wait};
}

}  // namespace

std::shared_ptr<CallBudget> CallLimiter::find(Known& known, std::string_view prefix,
                                              std::string_view key) {
  if (const auto found = known.find(key); found != known.end()) return found->second;
  if (known.size() >= kKnown)
    std::erase_if(known, [](const auto& entry) { return entry.second->under_way() == 0; });
  auto budget = budgets_.find(fmt::format("{} {}", prefix, key));
  known.emplace(key, budget);
  return budget;
}

std::optional<TooMuch> CallLimiter::enter_token(std::string_view token,
                                                identity::BudgetPlace& place) {
  std::shared_ptr<CallBudget> budget = find(tokens_, "token", token);
  if (const auto refusal = budget->try_enter(settings_.token, clock_.steady_now()))
    return explain(*refusal, settings_.token, "the gateway with this token", "token");
  place.hold(std::move(budget));
  return std::nullopt;
}

std::optional<TooMuch> CallLimiter::enter_connection(std::string_view id, std::string_view name,
                                                     identity::BudgetPlace& place) {
  std::shared_ptr<CallBudget> budget = find(connections_, "connection", id);
  if (const auto refusal = budget->try_enter(settings_.connection, clock_.steady_now()))
    return explain(*refusal, settings_.connection, name, "connection");
  place.hold(std::move(budget));
  return std::nullopt;
}

}  // namespace gatehouse::gateway
