// Waiting for the person: a loopback listener, the keyboard, a browser, a device code, a signal and
// the clock at once; whichever decides first. Used by sign_in() alone. Everything started here has
// ended when it returns, and a login that was not finished is no longer pending.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "async/condition.hpp"
#include "cli/callback_listener.hpp"
#include "cli/services.hpp"
#include "cli/sign_in.hpp"
#include "cli/sign_in_screen.hpp"
#include "oauth_client/device_login.hpp"

namespace gatehouse::cli {

/// The end of a login, decided by whoever comes first.
struct SignInRace {
  explicit SignInRace(Executor executor) : changed(executor) {}
  Condition changed;
  std::optional<Result<oauth_client::LoginOutcome>> result;
  bool paste_open = false;    ///< somebody may still paste
  bool browser_open = false;  ///< a browser was started and has not failed
  bool listening = false;

  void finish(Result<oauth_client::LoginOutcome> with) {
    if (!result) result = std::move(with);
    changed.notify_all();
  }
};

/// What both ways need; all outlive the waiting.
struct SignInWait {
  Services& services;
  const SignInOrder& order;
  SignInScreen& screen;
  std::shared_ptr<SignInRace> race;
};

/// `listener` tells `wait.race` of callbacks. Errors: those of Login::finish; cancelled;
/// sign_in_required; conflict.
Task<Result<oauth_client::LoginOutcome>> await_link(SignInWait wait,
                                                    std::shared_ptr<CallbackListener> listener,
                                                    oauth_client::PendingLogin pending);

/// Errors: those of DeviceLogin::finish; cancelled.
Task<Result<oauth_client::LoginOutcome>> await_device(SignInWait wait,
                                                      oauth_client::DeviceLogin& device,
                                                      oauth_client::PendingDeviceLogin pending);

}  // namespace gatehouse::cli
