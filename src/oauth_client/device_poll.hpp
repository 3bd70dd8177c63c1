// DevicePoll: decides when to ask the token endpoint whether the person has typed the code, and
// when to stop (RFC 8628 §3.4, §3.5). Event in, decision out, time as argument; no I/O. Driven by
// DeviceLogin. What it keeps true: never faster than the server allows, never beyond the life of
// the code, and only a definite word of the server ends it before that.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "oauth/device.hpp"

namespace gatehouse::oauth_client {

class DevicePoll final {
 public:
  enum class Step {
    wait,  ///< for `delay`, then on_wake
    ask,   ///< send the token request, then on_answer or on_no_answer
    take,  ///< the answer carries the tokens
    fail,  ///< done: `error`
  };
  struct Decision {
    Step step;
    std::chrono::milliseconds delay{0};  ///< of wait
    std::optional<Error> error;          ///< of fail
  };

  /// `login_hint`: what the person does to begin again: "run `gatehouse login x`".
  DevicePoll(std::chrono::seconds interval, SteadyTime deadline, std::string login_hint);

  Decision begin(SteadyTime now) const { return wait(interval_, now); }
  Decision on_wake(SteadyTime now) const;
  /// `error`: why the answer is no tokens, as parse_token_response() says it.
  Decision on_answer(oauth::DeviceAnswer answer, const Error& error, SteadyTime now);
  /// The request or its answer was lost: asked again, less and less often (RFC 8628 §3.5).
  Decision on_no_answer(const Error& error, SteadyTime now);

  std::chrono::milliseconds interval() const { return interval_; }

 private:
  Decision wait(std::chrono::milliseconds delay, SteadyTime now) const;
  Decision wait_longer(SteadyTime now);
  Decision expired() const;

  std::chrono::milliseconds interval_;
  std::chrono::milliseconds pause_{0};  ///< after faults in a row
  SteadyTime deadline_;
  std::string login_hint_;
  std::string last_fault_;    ///< for people, when the code ends without a word
  bool answer_lost_ = false;  ///< the tokens may have been in it
};

}  // namespace gatehouse::oauth_client
