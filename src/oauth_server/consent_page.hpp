// The two pages a person sees: the consent page and the error page. Plain HTML without script under
// a strict policy; everything a client said is escaped. Pure.
#pragma once

#include <string_view>

#include "http/message.hpp"
#include "oauth_server/context.hpp"
#include "oauth_server/pending_consents.hpp"

namespace gatehouse::oauth_server {

/// Client name, redirect host, resource and scopes; one button per user, and one to deny.
http::Response consent_page(const Settings& settings, const PendingConsent& consent);
/// Where the code of another device is typed. `typed` fills it in; `problem` says what was wrong.
http::Response device_code_page(const Settings& settings, std::string_view typed,
                                std::string_view problem);
/// As consent_page(), for the device whose code is consent.state.
http::Response device_consent_page(const Settings& settings, const PendingConsent& consent);
http::Response device_done_page(const Settings& settings, std::string_view text);
/// For what must not be redirected (RFC 6749 §4.1.2.1).
http::Response error_page(const Settings& settings, int status, std::string_view text);

}  // namespace gatehouse::oauth_server
