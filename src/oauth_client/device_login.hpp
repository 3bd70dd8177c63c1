// DeviceLogin: signing in with a code typed on another device (RFC 8628), from begin to stored
// credential. Used by `gatehouse login` where there is no browser. It stands on Login: the pending
// login is a row of the store like any other, so that a later login of the same key retires it in
// whichever process it runs, and tokens are stored by the same epoch rules. DevicePoll decides,
// DeviceLogin performs.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "async/timer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth/device.hpp"
#include "oauth_client/device_poll.hpp"
#include "oauth_client/login.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

/// What the person needs; everything remote is text to be shown through printable().
struct PendingDeviceLogin {
  AuthorizationId id;                     ///< for Login::cancel
  std::string user_code;                  ///< to be typed
  std::string verification_uri;           ///< where; https, or http on loopback
  std::string verification_uri_complete;  ///< the same with the code in it, for a QR code; or empty
  std::chrono::seconds interval{5};       ///< between polls, at first
  SystemTime expires_at{};                ///< when the code ends
  std::string issuer;
  std::string resource;
  std::string scope;  ///< requested; empty: none
  std::string client_id;
  vault::RegistrationKind registration_kind = vault::RegistrationKind::dynamic;
  std::string state_hash;  ///< for Login::is_pending(); finish() finds the device code by it
};

/// The authorization server announces a device authorization endpoint, and nothing says that it
/// does not take the grant.
bool offers_device_login(const Discovery& discovery);

class DeviceLogin final {
 public:
  using Sleep = std::function<Task<>(Duration)>;
  /// All must outlive this; cheap to make. `sleep` is replaced in tests.
  DeviceLogin(
      Login& login, vault::Store& store, http::Client& client, const Clock& clock, Logger& logger,
      Sleep sleep = [](Duration duration) { return sleep_for(duration); });

  /// Registration (with the device grant), device authorization and a recorded pending login, which
  /// retires an older one of the same key. request.redirect_uri may stay empty;
  /// request.browser_hash is not used. Errors: discovery's (require_server), unsupported (the
  /// server offers no device login), Registrar::obtain's, those of
  /// oauth::parse_device_authorization, and the store's.
  Task<Result<PendingDeviceLogin>> begin(LoginRequest request, Discovery discovery);

  /// Polls until the person has decided or the code ends, then stores the tokens. Faults of the
  /// network and of the server are waited out until then. Cancelling it leaves the login pending:
  /// Login::cancel ends it. Errors: rejected (the person or the server said no), sign_in_required
  /// (the code ended; the hint names the command), conflict (a later login, a logout or an edit
  /// came first), cancelled (Login::cancel), invalid_client, outcome_unknown (the answer that
  /// carried the tokens was lost), and the store's.
  Task<Result<LoginOutcome>> finish(OrganizationId organization, PendingDeviceLogin pending);

 private:
  struct Polling;
  Task<Result<PendingDeviceLogin>> record(LoginRequest request, Discovery discovery,
                                          vault::Registration registration,
                                          oauth::DeviceAuthorization device);
  Task<Result<http::Reply>> ask_for_codes(const LoginRequest& request, const Discovery& discovery,
                                          const vault::Registration& registration);
  Task<Result<vault::Registration>> obtain_client(const LoginRequest& request,
                                                  const Discovery& discovery);
  Task<DevicePoll::Decision> ask(Polling& polling);
  Task<Result<LoginOutcome>> take(Polling& polling);

  Login& login_;
  vault::Store& store_;
  http::Client& client_;
  const Clock& clock_;
  Logger& logger_;
  Sleep sleep_;
};

}  // namespace gatehouse::oauth_client
