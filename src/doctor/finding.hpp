// Finding: what one phase of an examination came to, who must act and what to type. Pure: how an
// error becomes a finding is decided here, by its code alone. Made by Examiner, printed by
// `gatehouse doctor`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gatehouse::doctor {

/// In the order in which they are gone through; each needs those before it.
enum class Phase {
  configuration,  ///< what is stored makes sense, and is switched on
  secrets,        ///< stored ones can be decrypted, referenced ones can be read
  name,           ///< DNS, and what the address guard says to the addresses
  proxy,          ///< where one is configured for this server
  connection,     ///< TCP
  encryption,     ///< TLS
  discovery,      ///< how the server wants to be authenticated to
  registration,   ///< our OAuth client there
  token,          ///< the login, refreshed if need be
  handshake,      ///< server/discover or initialize
  catalog,        ///< tools/list, which earns "ready"
};

enum class Outcome { ok, warning, failed, skipped };

/// Who must act.
enum class Owner {
  nobody,
  you,       ///< whoever runs this Gatehouse
  network,   ///< name servers, firewalls, proxies between here and the server
  server,    ///< whoever runs the MCP server
  provider,  ///< whoever runs its authorization server
  us,        ///< a defect of Gatehouse
};

struct Finding {
  Phase phase = Phase::configuration;
  Outcome outcome = Outcome::ok;
  std::string detail;  ///< what was seen, or the cause
  Owner owner = Owner::nobody;
  std::string action;  ///< what to do or type; set with warning and failed
  std::optional<std::chrono::milliseconds> took;
  std::optional<Errc> code;  ///< of the error, where there was one
};

/// Stable names, as in --json and logs.
std::string_view to_string(Phase phase);
std::string_view to_string(Outcome outcome);
std::string_view to_string(Owner owner);
/// "you", "whoever runs the MCP server", …
std::string_view describe(Owner owner);

/// Who must act when `phase` ends in an error with this code.
Owner owner_of(Phase phase, Errc code);
/// A failed finding. What to type: the error's hint, or `gatehouse doctor NAME` again with what is
/// to be looked at before.
Finding make_failure(Phase phase, const Error& error, std::string_view connection);
Finding make_ok(Phase phase, std::string detail);
Finding make_skipped(Phase phase, std::string why);
Finding make_warning(Phase phase, std::string detail, Owner owner, std::string action);

/// What became of one connection.
struct Report {
  std::string connection;
  std::string reference;  ///< the log has it with every finding: "doc_…"
  std::vector<Finding> findings;

  const Finding* first_failure() const;  ///< null: none
  bool needs_sign_in() const;            ///< the first failure is one that a sign-in mends
};

}  // namespace gatehouse::doctor
