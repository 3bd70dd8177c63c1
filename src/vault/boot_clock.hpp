// BootClock: what leases are timed by where the store has no clock of its own (design §4.1). It
// counts through suspend and no wall-clock jump moves it; another boot id means that every lease of
// before is over.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.hpp"

namespace gatehouse::vault {

class BootClock {
 public:
  virtual ~BootClock() = default;
  virtual std::string boot_id() const = 0;
  /// Since boot, suspend included.
  virtual std::chrono::milliseconds since_boot() const = 0;
};

/// The machine's: CLOCK_BOOTTIME and /proc/sys/kernel/random/boot_id.
class RealBootClock final : public BootClock {
 public:
  RealBootClock();
  std::string boot_id() const override { return boot_id_; }
  std::chrono::milliseconds since_boot() const override;

 private:
  std::string boot_id_;
};

/// Moved by hand, in tests.
class ManualBootClock final : public BootClock {
 public:
  std::string boot_id() const override { return boot_id_; }
  std::chrono::milliseconds since_boot() const override { return since_boot_; }
  void advance(std::chrono::milliseconds by) { since_boot_ += by; }
  void reboot(std::string boot_id) {
    boot_id_ = std::move(boot_id);
    since_boot_ = {};
  }

 private:
  std::string boot_id_ = "boot-1";
  std::chrono::milliseconds since_boot_{std::chrono::hours{1}};
};

/// What a store asks for the time. Both must outlive it.
struct StoreClocks {
  const Clock& wall;
  const BootClock& boot;
};

/// The machine's clocks; they live as long as the process.
StoreClocks machine_clocks();

}  // namespace gatehouse::vault
