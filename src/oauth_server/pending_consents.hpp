// Consents that a person is looking at: bounded, ten minutes, used once, bound to the browser that
// opened the page (reference Z-11). Time is an argument.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gatehouse::oauth_server {

struct PendingConsent {
  std::string token;    ///< hidden field of the form
  std::string browser;  ///< cookie
  SystemTime expires;
  // What the client asked for, checked.
  std::string client_id;
  std::string client_name;
  std::string redirect_uri;
  std::string state;
  std::string scope;
  std::string resource;
  std::string challenge;
  bool asks_here_only = false;  ///< all redirect URIs are on loopback
};

class PendingConsents final {
 public:
  static constexpr std::size_t kMost = 500;

  /// Names the consent and keeps it; the oldest goes when there are too many.
  const PendingConsent& add(PendingConsent consent, SystemTime now);
  /// The consent of that form and that browser; it is gone then. Nothing when there is none.
  std::optional<PendingConsent> take(std::string_view token, std::string_view browser,
                                     SystemTime now);

 private:
  std::list<PendingConsent> pending_;  ///< oldest first
};

}  // namespace gatehouse::oauth_server
