// ListenRetry: when a subscriptions/listen stream that ended is opened again (L-3; S! poll without
// backoff and jitter). Driven by Listening. Pure.
#pragma once

#include <algorithm>
#include <chrono>

namespace gatehouse::mcp_client {

class ListenRetry final {
 public:
  using milliseconds = std::chrono::milliseconds;

  /// How long to wait before the next attempt. `held`: how long the server kept the stream open
  /// after its acknowledgement; zero when there was none. `jitter`: 0 to 1.
  milliseconds on_end(milliseconds held, double jitter) {
    if (held >= kLasting) failures_ = 0;
    const auto most = std::min<milliseconds>(kFirst * (1 << std::min(failures_, 10)), kMost);
    ++failures_;
    const double part = 0.5 + std::clamp(jitter, 0., 1.) / 2;
    return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(most.count()) * part));
  }

 private:
  static constexpr milliseconds kFirst{500};
  static constexpr milliseconds kMost{60'000};
  static constexpr milliseconds kLasting{30'000};  ///< a stream that lived so long was no failure
  int failures_ = 0;
};

}  // namespace gatehouse::mcp_client
