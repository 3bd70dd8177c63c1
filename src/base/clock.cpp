#include "base/clock.hpp"

#include <array>
#include <ctime>

namespace gatehouse {

SystemTime RealClock::now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime RealClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

std::string to_rfc3339(SystemTime time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  // Every record of a call has its time, and most share their second with the one before.
  thread_local std::time_t last_seconds = -1;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t size = 0;
  if (seconds != last_seconds) {
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    last_seconds = seconds;
  }
  return {text.data(), size};
}

}  // namespace gatehouse
