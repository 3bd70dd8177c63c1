// Freshness: when the lists of one connection are to be asked for again: after the time its server
// named, after a notification that they changed, and after failures less and less often. Driven by
// CatalogRefresher. Pure: times are arguments, jitter comes from a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace gatehouse::gateway {

class Freshness final {
 public:
  /// Seeds differ between connections, so that those listed together are not asked together again.
  explicit Freshness(std::uint64_t seed) : seed_(seed) {}

  struct Known {
    std::optional<SystemTime> listed_at;   ///< nothing: never
    std::optional<SystemTime> checked_at;  ///< last attempt of anybody
    bool ready = false;                    ///< that attempt succeeded
    std::chrono::milliseconds ttl{};       ///< the server's hint; 0: none
  };
  /// Whether who uses the list now should have it refreshed beside.
  bool due(const Known& known, SystemTime now) const;

  void on_listed();
  void on_failed();
  /// The server says that a list changed: how long to wait before asking, so that a server that
  /// says so all the time is not asked all the time.
  std::chrono::milliseconds on_list_changed(SteadyTime now);

 private:
  double jitter() const;  ///< 0.9 … 1.1; another one after each attempt
  std::uint64_t seed_;
  int failures_ = 0;
  int bursts_ = 0;
  std::optional<SteadyTime> last_change_;
};

}  // namespace gatehouse::gateway
