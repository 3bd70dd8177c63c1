// Error: what the world did to us. Code is for branching, detail and hint are for people.
// Every layer produces it; breaker, refresh and logging ask only classify().
#pragma once

#include <string>
#include <string_view>

namespace gatehouse {

enum class Errc {
  invalid_argument,    ///< the caller's input is wrong; detail names the field
  parse,               ///< bytes are not what their format says
  protocol,            ///< a peer broke the protocol
  not_found,           ///< no such thing, or none the caller may know of
  conflict,            ///< a compare-and-set lost, or a name is taken
  blocked_address,     ///< the address guard refused the destination
  policy,              ///< our own rules refuse (scope, policy, limits of configuration)
  unauthorized,        ///< the peer answered 401
  insufficient_scope,  ///< the peer answered 403 insufficient_scope
  sign_in_required,    ///< a person must sign in
  invalid_grant,       ///< the token endpoint refused the grant
  invalid_client,      ///< the authorization server does not know or trust our client
  rejected,            ///< the peer answered another 4xx or an OAuth error
  server_error,        ///< the peer answered 5xx
  unavailable,         ///< name resolution, connection or transport failed before an answer
  outcome_unknown,     ///< the request may have been carried out; the answer was lost
  timeout,             ///< our deadline passed before anything was sent or where repeating is safe
  too_large,           ///< a limit of base/limits.hpp was hit; detail names it
  rate_limited,        ///< the peer answered 429
  session_lost,        ///< a legacy MCP session is gone (404)
  cancelled,           ///< the person or the client gave up
  tls,                 ///< certificate or handshake
  storage,             ///< the store failed
  corrupt,             ///< a stored row cannot be read or decrypted
  unsupported,         ///< the peer or this build cannot do it
  bug,                 ///< we are wrong
};

/// Stable lower-case name of the code, as printed in --json and logs.
std::string_view to_string(Errc code);

struct Error {
  Errc code = Errc::bug;
  std::string
      detail;        ///< for people; no secrets; remote text quoted and bounded (see quote_remote)
  std::string hint;  ///< what the person who must act should do; may be empty

  friend bool operator==(const Error&, const Error&) = default;
};

/// "detail (hint)" for one-line display.
std::string describe(const Error& error);

enum class Disposition {
  retry,        ///< may go away by itself
  reauthorize,  ///< a person must sign in again
  refuse,       ///< repeating will not help
  bug,          ///< ours: log as error
};

Disposition classify(const Error& error);

/// Quotes text that came from a peer: control and non-printable bytes are escaped, length is
/// bounded to `max_bytes`, and the result is wrapped in double quotes, so that it cannot be
/// mistaken for words of ours.
std::string quote_remote(std::string_view text, std::size_t max_bytes = 250);

}  // namespace gatehouse
