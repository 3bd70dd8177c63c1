#include "upstream/read_retry.hpp"

#include <algorithm>

namespace gatehouse::upstream {

bool is_worth_repeating(const Error& error) {
  switch (error.code) {
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::outcome_unknown:
    case Errc::server_error:
    case Errc::session_lost:
      return true;
    default:
      return false;
  }
}

std::optional<std::chrono::milliseconds> ReadRetry::on_failure(const Error& error, double jitter) {
  if (left_ <= 0 || !is_worth_repeating(error)) return std::nullopt;
  --left_;
  const auto pause =
      pause_ + std::chrono::milliseconds(static_cast<int>(static_cast<double>(pause_.count()) *
                                                          std::clamp(jitter, 0., 1.)));
  pause_ = std::min(pause_ * 2, std::chrono::milliseconds(2000));
  return pause;
}

}  // namespace gatehouse::upstream
