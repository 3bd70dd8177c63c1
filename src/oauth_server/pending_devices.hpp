// Device logins that wait for a person (RFC 8628): bounded, short-lived, decided once, and guessing
// of user codes is bounded too (§5.1). Time is an argument.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gatehouse::oauth_server {

struct PendingDevice {
  std::string device_hash;  ///< of the device code
  std::string user_code;    ///< "WDJB-MJHT"
  std::string client_id;
  std::string client_name;
  std::string scope;
  std::string resource;
  SystemTime expires;
  std::chrono::seconds interval{5};
  SystemTime next_poll{};
  enum class Verdict { none, allowed, denied } verdict = Verdict::none;
  std::string subject;  ///< who allowed it
};

class PendingDevices final {
 public:
  static constexpr std::size_t kMost = 500;
  static constexpr int kWrongCodes = 50;  ///< typed within kWrongCodesLife; then none is looked up
  static constexpr auto kWrongCodesLife = std::chrono::minutes(10);

  /// The oldest goes when there are too many.
  const PendingDevice& add(PendingDevice device, SystemTime now);

  /// As typed: case, spaces and dashes do not matter. Null: unknown, expired, decided already, or
  /// too many wrong codes were typed.
  PendingDevice* find_by_user_code(std::string_view typed, SystemTime now);

  enum class Poll { pending, slow_down, allowed, denied, expired, unknown };
  /// RFC 8628 §3.5. What was decided is forgotten once it is told. `out` is filled when allowed.
  Poll poll(std::string_view device_hash, std::string_view client_id, SystemTime now,
            PendingDevice& out);

 private:
  void sweep(SystemTime now);

  std::list<PendingDevice> devices_;  ///< oldest first
  int wrong_codes_ = 0;
  SystemTime wrong_since_{};
};

/// Eight letters that no two people read differently, and that spell no words (RFC 8628 §6.1).
std::string make_user_code();

}  // namespace gatehouse::oauth_server
