// Managing a dynamic registration at the provider (RFC 7592), where the provider gave an address
// and a token for it: reading it, and deleting it when no login needs it any more. Best effort and
// bounded: nothing here stands in the way of a login or a removal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "http/client.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

/// What the provider says of one of our clients.
struct ClientReading {
  enum class State {
    unknown,  ///< it offers no such address, or did not answer
    known,    ///< the client exists; `now` is how it stands there
    gone,     ///< there is no such client
  };
  State state = State::unknown;
  std::optional<vault::Registration> now;  ///< the registration with what the answer changed
};
/// RFC 7592 §2.1. An answer may renew the secret, its end and the access token; what it leaves out
/// stays. `client` must outlive the call.
Task<ClientReading> read_client(vault::Registration registration,
                                std::vector<http::Allowance> allowances, http::Client& client);

enum class Deletion {
  deleted,      ///< the provider confirmed, or had forgotten it already
  unsupported,  ///< it gave no address to delete it at
  failed,       ///< it could not be reached or refused; the client stays there
};
struct DeletionReport {
  std::string issuer;
  std::string client_id;
  Deletion outcome = Deletion::unsupported;
  std::string detail;  ///< for people
};
/// RFC 7592 §2.3. Never an Error. `client` must outlive the call.
Task<DeletionReport> delete_client(vault::Registration registration,
                                   std::vector<http::Allowance> allowances, http::Client& client);

enum class Unused {
  superseded,   ///< only those that a newer one replaced
  all_dynamic,  ///< also the current one of an issuer: the connection is gone
};
/// Erases the registrations at `issuer` that neither a login nor a pending one refers to, and
/// deletes the dynamic ones at the provider. Erased here first: a crash in between leaves a client
/// there, never a login without one. A report for each dynamic one. All must outlive the call.
Task<std::vector<DeletionReport>> erase_unused_clients(vault::RegistrationStore& store,
                                                       OrganizationId organization,
                                                       std::string issuer, Unused which,
                                                       std::vector<http::Allowance> allowances,
                                                       http::Client& client);

}  // namespace gatehouse::oauth_client
