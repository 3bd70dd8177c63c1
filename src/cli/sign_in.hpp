// Signing in from a terminal. Where there is a browser: a loopback listener and a paste prompt at
// once, whichever comes first (RFC 8252 §7.3). Where there is none and the server offers it: a code
// typed on another device (RFC 8628). Else a link to open anywhere, whose end is pasted. Ctrl-C and
// Esc end the pending login. Used by login, add and call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/consent.hpp"
#include "cli/services.hpp"
#include "oauth_client/login.hpp"

namespace gatehouse::cli {

enum class BrowserUse { open, show_link_only };
enum class Paste { from_terminal, from_any_input };

enum class SignInWay {
  fitting,  ///< by what is here: browser, device, link
  device,   ///< --device
};
enum class QrUse { fitting, shown };

struct SignInOptions {
  BrowserUse browser = BrowserUse::open;
  Paste paste = Paste::from_terminal;
  SignInWay way = SignInWay::fitting;
  QrUse qr = QrUse::fitting;
  std::string account;  ///< CredentialKey::account; empty: the connection's default
  std::string issuer;   ///< --issuer
  Consent consent;
  std::function<void()> on_interrupt;  ///< Ctrl-C or a signal, not Esc, ended it; null: nobody asks
};

struct SignInOrder {
  vault::Connection connection;
  std::optional<std::vector<std::string>> challenges;  ///< of the refusal, if any
  std::string step_up_scope;
  std::optional<oauth_client::Discovery> discovery;  ///< when made already
  SignInOptions options;
};

struct SignedIn {
  vault::Connection connection;  ///< as stored afterwards
  oauth_client::LoginOutcome outcome;
};

/// Somebody is there who can sign in: a terminal, or a browser that was named.
bool person_present(const Services& services);

/// Errors: those of discovery and oauth_client::Login; cancelled; sign_in_required when nothing is
/// there that could finish it, or nobody did within kAuthorizationLife.
Task<Result<SignedIn>> sign_in(Services& services, SignInOrder order);

}  // namespace gatehouse::cli
