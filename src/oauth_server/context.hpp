// What all endpoints of one authorization server share: its settings, its store, its counters.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "oauth_server/store.hpp"

namespace gatehouse::oauth_server {

struct ScopeInfo {
  std::string name;
  std::string description;  ///< for the consent page
};

/// Someone who can sign in. There are no passwords here: the consent page offers the names.
struct User {
  std::string id;
  std::string name;
};

/// A client that acts for itself (RFC 6749 §4.4), by client_secret_basic.
struct Machine {
  std::string id;
  std::string name;
  std::string secret_hash;  ///< of records.hpp's hash_of
};

/// Sign-ins by a code on another device (RFC 8628).
enum class DeviceLogins { off, on };

struct Settings {
  std::string issuer;  ///< byte for byte; its path, if any, is in front of every endpoint's
  std::string name;    ///< of the service, for the consent page
  std::vector<std::string> resources;  ///< the protected resources served (RFC 8707)
  std::vector<ScopeInfo> scopes;
  std::string default_scope;  ///< when a client asks for none
  std::vector<User> users;
  DeviceLogins device_logins = DeviceLogins::off;
  std::chrono::seconds device_code_life{600};
  std::chrono::seconds device_interval{5};
  std::vector<Machine> machines;  ///< empty: the client credentials grant is off
  std::chrono::seconds code_life{60};
  std::chrono::seconds access_token_life{3600};
  std::chrono::seconds refresh_token_life{30 * 24 * 3600};
  /// Refresh tokens are used once (OAuth 2.1 §4.3.1); false: they stay good until they expire.
  bool rotate_refresh_tokens = true;
  /// Origins on this machine whose client ID metadata documents may be fetched although they are
  /// loopback or plain http: for tests.
  std::vector<http::Allowance> client_metadata_allowances;
};

/// What happened since the start, for tests and for people who look at the demo.
struct Counters {
  std::uint64_t clients_registered = 0;
  std::uint64_t consents_shown = 0;
  std::uint64_t codes_issued = 0;
  std::uint64_t code_replays = 0;
  std::uint64_t access_tokens_issued = 0;
  std::uint64_t refresh_tokens_issued = 0;
  std::uint64_t refresh_tokens_consumed = 0;
  std::uint64_t refresh_reuse_detected = 0;
  std::uint64_t grants_revoked = 0;
};

struct Context {
  Settings settings;
  Store& store;
  http::Client* http;  ///< null: client ID metadata documents are not supported
  const Clock& clock;
  Logger& logger;
  Counters counters;
};

}  // namespace gatehouse::oauth_server
