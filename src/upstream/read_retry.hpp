// ReadRetry: whether and when a request that failed is sent once more (a connection's
// `read_retries`; prior-art trap 64: only idempotent calls). Time is an answer, not a wait. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "base/error.hpp"

namespace gatehouse::upstream {

/// Failures after which the same read may succeed: nobody was reached, the answer was lost, or the
/// server had an accident. What a server refused or a person must do is not repeated.
bool is_worth_repeating(const Error& error);

class ReadRetry final {
 public:
  /// `retries`: at most so many repetitions.
  explicit ReadRetry(int retries) : left_(retries) {}

  /// How long to wait before the request is sent again; nothing: the failure stands. `jitter` from
  /// 0 to 1 spreads those who failed together.
  std::optional<std::chrono::milliseconds> on_failure(const Error& error, double jitter);

 private:
  int left_;
  std::chrono::milliseconds pause_{100};
};

}  // namespace gatehouse::upstream
