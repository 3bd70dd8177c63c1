// Redirect URIs: which may be registered and which match (RFC 6749 §3.1.2, RFC 8252 §7.3, reference
// Z-5). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::oauth_server {

/// https, or http on loopback; no fragment, no user information. Errors: policy.
Result<void> check_redirect_uri(std::string_view uri);
/// Exactly the same, except that the port of an http URI on loopback is free (RFC 8252 §7.3).
bool redirect_uri_matches(std::string_view registered, std::string_view requested);
bool any_redirect_uri_matches(const std::vector<std::string>& registered,
                              std::string_view requested);
/// "127.0.0.1:3000", "app.example.com": what a person should look at before agreeing.
std::string redirect_host(std::string_view uri);
/// True when every one of them leads to the person's own machine, where any program may listen.
bool only_loopback(const std::vector<std::string>& uris);
/// `uri` with a query parameter list appended (RFC 6749 §4.1.2).
std::string with_query(std::string_view uri, std::string_view encoded);

}  // namespace gatehouse::oauth_server
