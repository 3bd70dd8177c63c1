// MachineGrants: access tokens that no person signs in for: client_credentials, jwt_bearer and
// identity_assertion (vault::Grant). Called by TokenSource, which shares one attempt among all
// tasks of a shard. What it keeps true: one attempt at a time across processes (the lease on the
// credential row), a token is stored before it is used, a late one never replaces what a logout or
// an edit left, and it never asks for a sign-in: its errors say who must act. There is no second
// try with another audience, server or grant, and no following to another authorization server.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "async/timer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth/token.hpp"
#include "oauth_client/registration.hpp"
#include "oauth_client/token_request.hpp"
#include "vault/secret_resolver.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

/// The connection's tokens are obtained without a person.
bool is_machine(const vault::Connection& connection);

struct MachineOrder {
  vault::Connection connection;
  vault::CredentialKey key;
  /// The token to be replaced (version and epoch) although it may not have expired: a server
  /// refused it, or a person asks for a new one. 0: none.
  std::int64_t refused_version = 0;
  std::int64_t refused_epoch = 0;
  bool insist = false;  ///< a person asks: no pause after a refusal
  /// identity_assertion: the provider that vouches, and its ID token. An empty one is read where
  /// the provider's assertion_reference says.
  std::optional<vault::Connection> provider;
  Secret id_token;
};

class MachineGrants final {
 public:
  using Sleep = std::function<Task<>(Duration)>;
  /// All must outlive this. `resolve` may be empty: references are errors then. `sleep` is replaced
  /// in tests.
  MachineGrants(
      vault::Store& store, http::Client& client, const Clock& clock, Logger& logger,
      vault::SecretResolver resolve,
      Sleep sleep = [](Duration duration) { return sleep_for(duration); });

  /// A row whose token is good: ours, or the one that another process stored meanwhile. Errors:
  /// rejected and invalid_client (somebody must act; the hint says who and how; asked again not
  /// before kMachinePause unless order.insist), policy (the server names another authorization
  /// server than before; only `gatehouse edit NAME --issuer URL` agrees), those of discovery, of
  /// references, and transient ones (timeout, unavailable, outcome_unknown, server_error,
  /// rate_limited, storage, conflict).
  Task<Result<vault::Credential>> obtain(MachineOrder order);

  /// The ID token of a provider whose assertion_reference says where it is kept by others.
  Task<Result<Secret>> read_reference(std::string reference, std::string what);

  /// What was refused may be tried at once: something about the connection was changed.
  void forget(const ConnectionId& connection);

 private:
  /// Where and as whom a token is asked for.
  struct Plan {
    vault::CredentialBinding binding;
    std::string scope;
    oauth::ClientAuthentication client;
    std::optional<oauth::JoseKey> key;  ///< what the token is to be bound to (RFC 9449)
  };
  struct Refusal {
    Error error;
    SteadyTime until{};
  };
  struct Provider {
    std::string token_endpoint;
    std::string issuer;
    oauth::ClientAuthentication client;
  };
  using Row = std::optional<vault::Credential>;
  /// What is stored when an attempt begins; a row that came or changed since is not overwritten.
  struct Stored {
    Row row;                 ///< nothing: none, or one that cannot be decrypted
    std::int64_t epoch = 0;  ///< 0: none
  };

  Task<Result<vault::Credential>> attempt(MachineOrder& order);
  Task<Result<Stored>> find_stored(const vault::CredentialKey& key);
  Task<Result<vault::OAuthSettings>> read_settings(const vault::Connection& connection);
  Task<Result<std::optional<Plan>>> reuse_plan(const MachineOrder& order, const Row& row,
                                               const vault::OAuthSettings& settings);
  Task<Result<Plan>> make_plan(const MachineOrder& order, const Row& row,
                               vault::OAuthSettings settings);
  Task<Result<vault::Registration>> choose_client(const MachineOrder& order, const Row& row,
                                                  const vault::OAuthSettings& settings,
                                                  const oauth::AuthorizationServerMetadata& server);
  Task<Result<void>> prepare_row(const MachineOrder& order, const Plan& plan, const Stored& stored);
  Task<Result<vault::Credential>> ask_under_lease(const MachineOrder& order, const Plan& plan);
  Task<Result<vault::Credential>> ask_and_save(const MachineOrder& order, const Plan& plan,
                                               const vault::Credential& row);
  Task<Result<oauth::TokenResponse>> ask(const MachineOrder& order, const Plan& plan);
  Task<Result<Secret>> read_assertion(const MachineOrder& order, const Plan& plan);
  Task<Result<Secret>> exchange_identity(const MachineOrder& order, const Plan& plan);
  Task<Result<Provider>> find_provider(const vault::Connection& provider);
  Task<Result<http::Reply>> send(http::Request request, oauth::ClientAuthentication client,
                                 const vault::Connection& whose,
                                 std::optional<oauth::JoseKey> key = std::nullopt);

  vault::Store& store_;
  http::Client& client_;
  const Clock& clock_;
  Logger& logger_;
  vault::SecretResolver resolve_;
  Sleep sleep_;
  Registrar registrar_;
  oauth::DpopNonces nonces_;
  std::map<vault::CredentialKey, Refusal> refusals_;
};

}  // namespace gatehouse::oauth_client
