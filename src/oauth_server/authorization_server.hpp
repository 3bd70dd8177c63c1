// AuthorizationServer: OAuth 2.1 for one issuer (RFC 6749, 7009, 7591, 7636, 8414, 8707, 9207) as a
// handler, and the check of its own tokens for the resources beside it. Used by demo/ and by tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "oauth_server/context.hpp"

namespace gatehouse::oauth_server {

/// A token that is good now.
struct ValidToken {
  Permission permission;
  SystemTime expires;
};

class AuthorizationServer final : public http::Handler {
 public:
  /// Everything given must outlive the server. `client` null: no client ID metadata documents.
  AuthorizationServer(Settings settings, Store& store, http::Client* client, const Clock& clock,
                      Logger& logger);
  ~AuthorizationServer() override;
  AuthorizationServer(const AuthorizationServer&) = delete;
  AuthorizationServer& operator=(const AuthorizationServer&) = delete;

  /// Answers the paths of the issuer; 404 for others.
  Task<> handle(http::Exchange& exchange) override;

  enum class Endpoint {
    metadata,
    registration,
    authorize,
    device_authorization,  ///< where a client gets its codes
    device,                ///< the page where a person types one
    token,
    revocation
  };
  /// Which endpoint a request target belongs to, so that others can be routed elsewhere.
  std::optional<Endpoint> find_endpoint(std::string_view target) const;

  /// The permission behind an access token for `resource`; nothing when it is unknown, expired or
  /// meant for another resource. Errors: storage.
  Task<Result<std::optional<ValidToken>>> check_token(std::string_view access_token,
                                                      std::string resource);

  const Counters& counters() const;
  const Settings& settings() const;
  /// Holds for tokens issued from now on.
  void set_access_token_life(std::chrono::seconds life);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::oauth_server
