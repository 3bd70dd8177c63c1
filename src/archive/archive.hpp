// Archive: connections, and with a passphrase their logins, on the way from one installation to
// another: what `gatehouse export` writes and `gatehouse import` reads. A JSON document:
//
//   {"format": "gatehouse-export", "version": 1, "connections": […], "sealed": {…}}
//
// Connections stand in the clear without secrets; references are kept. `sealed` holds secrets,
// registrations and logins, encrypted under the passphrase (passphrase.hpp) and bound to the exact
// text of `connections`: a URL cannot be changed under a token. Pure; the file is hostile input.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "vault/records.hpp"

namespace gatehouse::archive {

inline constexpr std::size_t kFileBytes = 32 * 1024 * 1024;
inline constexpr std::size_t kMostConnections = 2000;
inline constexpr std::size_t kMostLogins = 20'000;

struct Contents {
  std::vector<vault::Connection> connections;
  std::vector<vault::Registration> registrations;  ///< only with logins
  std::vector<vault::Credential> credentials;      ///< only with logins
};

/// Without a passphrase: connections without their secrets, and nothing else. With one it takes
/// about a second and kMemory bytes. Errors: storage (out of memory).
Result<std::string> make_archive(const Contents& contents, const std::optional<Secret>& passphrase);

/// What can be seen without a passphrase.
struct Outline {
  std::vector<vault::Connection> connections;  ///< without secrets
  bool sealed = false;                         ///< has secrets and logins
};
/// Errors: parse (not an export, damaged; naming the member), unsupported (a newer version),
/// too_large, invalid_argument (a name, URL or command that no connection can have).
Result<Outline> read_outline(std::string_view text);

/// Everything. Errors: those of read_outline; policy (wrong passphrase, or changed since).
Result<Contents> read_archive(std::string_view text, const Secret& passphrase);

}  // namespace gatehouse::archive
