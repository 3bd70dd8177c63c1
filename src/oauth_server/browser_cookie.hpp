// The cookie that binds a page of ours to the browser that opened it. Pure but for random bytes.
#pragma once

#include <string>

#include "http/message.hpp"
#include "oauth_server/context.hpp"

namespace gatehouse::oauth_server {

/// The value this browser has already; empty: none.
std::string find_browser(const Settings& settings, const http::Request& request);
/// What it has already, or a new value.
std::string keep_or_make_browser(const Settings& settings, const http::Request& request);
/// The Set-Cookie value.
std::string make_cookie(const Settings& settings, std::string_view value);

}  // namespace gatehouse::oauth_server
