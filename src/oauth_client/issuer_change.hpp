// A server that names another authorization server than the one of its connection's login: whoever
// controls that answer could send the person, and every token after that, to a place of their own.
// So an existing login never follows by itself; the person sees old against new and decides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oauth_client/discovery.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

struct IssuerChange {
  std::string from;                  ///< chosen for the connection, or of its last login
  std::vector<std::string> offered;  ///< what the server names now, in its order
};

/// The authorization server that this connection belongs to: the one that was chosen, else the one
/// of its last login to the same URL. Empty: none yet. A login that cannot be read counts as none.
/// `store` must outlive the call.
Task<std::string> find_known_issuer(vault::CredentialStore& store, vault::Connection connection,
                                    vault::CredentialKey key);

/// Nothing when `known` is empty or still named, or when nothing is known of the server now.
std::optional<IssuerChange> find_change(const Discovery& discovery, const std::string& known);

/// sign_in_required, showing both; the hint is the command that agrees. `name`: the connection's.
Error describe_change(const IssuerChange& change, const std::string& name);

/// The same for a grant without a person: policy, and only an edit of the connection agrees.
Error refuse_change(const IssuerChange& change, const std::string& name);

}  // namespace gatehouse::oauth_client
