#include "gateway/freshness.hpp"

#include <algorithm>

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kWithoutHint = 10min;
constexpr milliseconds kShortest = 30s;  // a server that says 0 is asked no more often than this
constexpr milliseconds kLongest = 24h;
constexpr milliseconds kFirstRetry = 1min;
constexpr milliseconds kLastRetry = 30min;
constexpr milliseconds kQuiet = 1min;       // without notifications: the next is heeded at once
constexpr milliseconds kBetween = 1s;       // two refreshes that notifications ask for
constexpr milliseconds kBetweenMost = 30s;  // of a server that keeps notifying

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

double Freshness::jitter() const {
  return 0.9 + 0.2 * static_cast<double>(seed_ >> 11) * 0x1.0p-53;
}

bool Freshness::due(const Known& known, SystemTime now) const {
  if (!known.checked_at) return true;
  milliseconds wait = kFirstRetry;
  SystemTime since = *known.checked_at;
  if (known.ready) {
    wait = known.ttl == 0ms ? kWithoutHint : std::clamp(known.ttl, kShortest, kLongest);
    since = known.listed_at.value_or(since);
  } else {
    for (int i = 1; i < failures_ && wait < kLastRetry; ++i) wait *= 2;
    wait = std::min(wait, kLastRetry);
  }
  const double scaled = static_cast<double>(wait.count()) * jitter();
  // A clock that was set back must not keep a list for good.
  return now < since || now - since >= milliseconds(static_cast<std::int64_t>(scaled));
}

void Freshness::on_listed() {
  failures_ = 0;
  seed_ = mixed(seed_);
}

void Freshness::on_failed() {
  failures_ = std::min(failures_ + 1, 16);
  seed_ = mixed(seed_);
}

milliseconds Freshness::on_list_changed(SteadyTime now) {
  const bool quiet = !last_change_ || now - *last_change_ >= kQuiet;
  bursts_ = quiet ? 0 : std::min(bursts_ + 1, 16);
  last_change_ = now;
  if (bursts_ == 0) return 0ms;
  milliseconds wait = kBetween;
  for (int i = 3; i < bursts_ && wait < kBetweenMost; ++i) wait *= 2;
  return std::min(wait, kBetweenMost);
}

}  // namespace gatehouse::gateway
