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
/// For what must not be redirected (RFC 6749 §4.1.2.1).
http::Response error_page(const Settings& settings, int status, std::string_view text);

}  // namespace gatehouse::oauth_server
