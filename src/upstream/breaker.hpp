// Breaker: keeps a dead upstream from costing everybody time (design: rule 6). Event in, verdict
// out; time is an argument. Only transport failures count: sign-in, scope and tool errors are the
// peer at work (prior art: traps 50, 51).
#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace gatehouse::upstream {

enum class Verdict { allow, probe, reject };

class Breaker final {
 public:
  struct Settings {
    int max_failures = 3;
    std::chrono::milliseconds cooldown{std::chrono::seconds(10)};
  };

  Breaker() = default;
  explicit Breaker(Settings settings) : settings_(settings) {}

  /// Whether a request may start now. After the cooldown exactly one request is let through as
  /// probe until its outcome is told.
  Verdict admit(SteadyTime now);
  /// The peer answered, whatever it said.
  void on_answer();
  void on_failure(SteadyTime now);
  /// The request ended without telling anything about the peer (cancelled): a probe gives its slot
  /// back.
  void on_abandoned();
  /// A person acted (login, edit, test): closed at once.
  void reset() { *this = Breaker(settings_); }
  /// When the next request may start; in the past while closed.
  SteadyTime retry_at() const { return opened_at_ + settings_.cooldown; }
  bool open() const { return failures_ >= settings_.max_failures; }

 private:
  Settings settings_;
  int failures_ = 0;
  bool probing_ = false;
  SteadyTime opened_at_{};
};

}  // namespace gatehouse::upstream
