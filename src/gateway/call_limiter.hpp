// CallLimiter: the pipeline's two questions about too much: may this token call now, and may this
// connection be called now (design §3, "limit" and "reserve"). Counts live in budgets that all
// shards of the process share; this keeps one shard's way to them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "identity/call_budget.hpp"

namespace gatehouse::gateway {

struct CallLimitSettings {
  identity::CallLimits token{.under_way = limits::kCallsPerToken,
                             .per_second = limits::kCallsPerSecond,
                             .burst = limits::kCallBurst};
  identity::CallLimits connection{.under_way = limits::kCallsPerConnection,
                                  .per_second = limits::kCallsPerSecond,
                                  .burst = limits::kCallBurst};
};

/// Why a call is too much now, and when to come back.
struct TooMuch {
  Error error;  ///< rate_limited
  std::chrono::seconds retry_after{1};
};

class CallLimiter final {
 public:
  /// `budgets` and `clock` must outlive this.
  CallLimiter(identity::CallBudgets& budgets, CallLimitSettings settings, const Clock& clock)
      : budgets_(budgets), settings_(settings), clock_(clock) {}

  /// Takes the token's place, which `place` gives back.
  std::optional<TooMuch> enter_token(std::string_view token, identity::BudgetPlace& place);
  /// The same for a connection, by its id; `name` is for the message.
  std::optional<TooMuch> enter_connection(std::string_view id, std::string_view name,
                                          identity::BudgetPlace& place);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Known =
      std::unordered_map<std::string, std::shared_ptr<identity::CallBudget>, Hash, std::equal_to<>>;

  std::shared_ptr<identity::CallBudget> find(Known& known, std::string_view prefix,
                                             std::string_view key);

  identity::CallBudgets& budgets_;
  CallLimitSettings settings_;
  const Clock& clock_;
  Known tokens_;
  Known connections_;
};

}  // namespace gatehouse::gateway
