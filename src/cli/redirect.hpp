// Where the browser is sent after a sign-in. A provider compares the redirect URI byte by byte with
// what was registered, so it is kept and shown exactly as given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

/// --redirect-port, --redirect-path and --redirect-uri, as typed; empty: not given.
struct RedirectFlags {
  std::string port;
  std::string path;
  std::string uri;
  bool given() const { return !port.empty() || !path.empty() || !uri.empty(); }
};

/// Stores what the flags say. An URI is https, or http on this machine's loopback. Errors:
/// invalid_argument, naming the flag.
Result<void> apply_redirect(const RedirectFlags& flags, vault::OAuthSettings& settings);

/// What the provider must have, when that is fixed; nothing: a loopback address with any port.
std::optional<std::string> fixed_redirect_uri(const vault::OAuthSettings& settings);

/// How a login gets its answer.
struct RedirectPlan {
  enum class Port {
    preferred,  ///< another one will do
    fixed,
    none,  ///< nobody can listen there: the answer is pasted
  };
  Port kind = Port::preferred;
  std::string host = "127.0.0.1";  ///< as in the URI: "127.0.0.1", "::1" or "localhost"
  std::uint16_t port = 0;          ///< 0: any
  std::string path = "/callback";
  std::string uri;  ///< exactly; empty: made of host, port and path
};

/// `registered`: a port that is registered already, or 0. Pure.
RedirectPlan plan_redirect(const vault::OAuthSettings& settings, std::uint16_t registered);

}  // namespace gatehouse::cli
