#include "oauth_server/pending_devices.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace gatehouse::oauth_server {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr auto kToldExpired = 60s;  // an expired code is known as such for so long

std::string letters_of(std::string_view typed) {
  std::string out;
  for (const char c : typed) {
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (upper >= 'A' && upper <= 'Z') out += upper;
    if (out.size() > 32) break;
  }
  return out;
}

}  // namespace

std::string make_user_code() {
  std::string code;
  while (code.size() < 9) {
    if (code.size() == 4) code += '-';
    const auto byte = static_cast<unsigned char>(random_bytes(1)[0]);
    if (byte < 240) code += kLetters[byte % kLetters.size()];  // 240 = 12 × 20: no bias
  }
  return code;
}

void PendingDevices::sweep(SystemTime now) {
  std::erase_if(devices_,
                [&](const PendingDevice& one) { return one.expires + kToldExpired <= now; });
}

const PendingDevice& PendingDevices::add(PendingDevice device, SystemTime now) {
  sweep(now);
  if (devices_.size() >= kMost) devices_.pop_front();
  devices_.push_back(std::move(device));
  return devices_.back();
}

PendingDevice* PendingDevices::find_by_user_code(std::string_view typed, SystemTime now) {
  sweep(now);
  if (now - wrong_since_ >= kWrongCodesLife) wrong_codes_ = 0;
  if (wrong_codes_ >= kWrongCodes) return nullptr;
  const std::string letters = letters_of(typed);
  const auto found = std::ranges::find_if(devices_, [&](const PendingDevice& one) {
    return one.expires > now && one.verdict == PendingDevice::Verdict::none &&
           letters_of(one.user_code) == letters;
  });
  if (found != devices_.end()) return &*found;
  if (wrong_codes_++ == 0) wrong_since_ = now;
  return nullptr;
}

PendingDevices::Poll PendingDevices::poll(std::string_view device_hash, std::string_view client_id,
                                          SystemTime now, PendingDevice& out) {
  sweep(now);
  const auto found = std::ranges::find_if(devices_, [&](const PendingDevice& one) {
    return one.device_hash == device_hash && one.client_id == client_id;
  });
  if (found == devices_.end()) return Poll::unknown;
  if (found->expires <= now) return Poll::expired;
  if (found->verdict == PendingDevice::Verdict::none) {
    const bool early = now < found->next_poll;
    if (early) found->interval += 5s;
    found->next_poll = now + found->interval;
    return early ? Poll::slow_down : Poll::pending;
  }
  out = std::move(*found);
  devices_.erase(found);
  return out.verdict == PendingDevice::Verdict::allowed ? Poll::allowed : Poll::denied;
}

}  // namespace gatehouse::oauth_server
