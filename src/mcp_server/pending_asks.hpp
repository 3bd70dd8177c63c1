// PendingAsks: requests of ours that a legacy client has yet to answer (elicitation/create and the
// like), correlated by id. One per legacy session or line channel; belongs to one shard.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "async/timer.hpp"
#include "base/result.hpp"
#include "jsonrpc/message.hpp"

namespace gatehouse::mcp_server {

class PendingAsks final {
 public:
  explicit PendingAsks(Executor executor) : executor_(executor) {}
  PendingAsks(const PendingAsks&) = delete;
  PendingAsks& operator=(const PendingAsks&) = delete;

  struct Ask {
    explicit Ask(Executor executor) : changed(executor) {}
    void settle(Result<std::string> with);
    std::string id;  ///< raw JSON string literal
    Condition changed;
    std::optional<Result<std::string>> outcome;
  };

  /// A new ask. Send it, then wait(); it is forgotten when wait() ends or the last owner lets go.
  std::shared_ptr<Ask> open();
  /// The client's raw result. Errors: rejected (it answered with an error), timeout, and cancelled
  /// or unavailable when `cancelled` or `gone` (may be null) fires first.
  Task<Result<std::string>> wait(std::shared_ptr<Ask> ask, Duration timeout,
                                 CancelSource& cancelled, CancelSource* gone);
  /// Settles the ask that a result or error message answers; false when there is none.
  bool on_answer(const jsonrpc::Message& answer);
  /// Ends all of them.
  void fail_all(const Error& error);

 private:
  static Task<Result<std::string>> settled(std::shared_ptr<Ask> ask);

  Executor executor_;
  std::uint64_t next_ = 1;
  std::map<std::string, std::weak_ptr<Ask>, std::less<>> open_;
};

}  // namespace gatehouse::mcp_server
