// Attempt: one connection used by one command, with the sign-ins it takes. Bounded: a server that
// is never satisfied costs at most kStepUpAttempts authorizations.
#pragma once

#include "cli/services.hpp"
#include "cli/sign_in.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::cli {

enum class SignIns { allowed, refused };

class Attempt final {
 public:
  /// `services` must outlive this.
  Attempt(Services& services, vault::Connection connection, SignInOptions options,
          SignIns sign_ins = SignIns::allowed)
      : services_(services),
        connection_(std::move(connection)),
        options_(std::move(options)),
        sign_ins_(sign_ins) {}

  const vault::Connection& connection() const { return connection_; }
  upstream::Target target() const;

  /// Signs in. `discovery` when made already. Errors: those of sign_in().
  Task<Result<oauth_client::LoginOutcome>> sign_in_now(
      std::optional<oauth_client::Discovery> discovery = std::nullopt);

  /// Does what the server asks of the person. Errors: the need itself (sign_in_required or
  /// insufficient_scope) where nobody is there to do it, it is not a matter of signing in, or
  /// kStepUpAttempts are used up; those of sign_in().
  Task<Result<void>> satisfy(upstream::PersonNeeded need);

  /// The tools, asked of the server: what earns "ready".
  Task<Result<vault::StoredCatalog>> list_tools();

  /// One request; sent again after a sign-in that it asked for.
  Task<Result<std::variant<mcp::Success, mcp::RpcError>>> request(mcp::Request request);

 private:
  Task<Result<oauth_client::LoginOutcome>> authorize(SignInOrder order);
  Task<Result<void>> sign_in_at_provider(Error need);

  Services& services_;
  vault::Connection connection_;
  SignInOptions options_;
  SignIns sign_ins_;
  int authorizations_ = 0;
};

}  // namespace gatehouse::cli
