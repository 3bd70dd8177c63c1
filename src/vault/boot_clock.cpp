#include "vault/boot_clock.hpp"

#include <ctime>
#include <fstream>

namespace gatehouse::vault {

RealBootClock::RealBootClock() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::getline(file, boot_id_);
}

std::chrono::milliseconds RealBootClock::since_boot() const {
  std::timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::nanoseconds{time.tv_nsec});
}

StoreClocks machine_clocks() {
  static const RealClock wall;
  static const RealBootClock boot;
  return {wall, boot};
}

}  // namespace gatehouse::vault
