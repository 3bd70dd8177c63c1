// Refresher: performs what RefreshFlow decides, over the store and the token endpoint. Single
// flight within the process is TokenSource's business; across processes it is the lease.
#pragma once

#include <functional>
#include <vector>

#include "async/task.hpp"
#include "async/timer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth/token.hpp"
#include "oauth_client/client_repair.hpp"
#include "oauth_client/refresh_flow.hpp"
#include "oauth_client/token_request.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

struct RefreshOrder {
  vault::CredentialKey key;
  std::string connection_name;  ///< for what to type
  RefreshFlow::Goal goal;
  std::vector<http::Allowance> allowances;
};

class Refresher final {
 public:
  using Sleep = std::function<Task<>(Duration)>;
  /// All must outlive this. `sleep` is replaced in tests.
  Refresher(
      vault::Store& store, http::Client& client, const Clock& clock, Logger& logger,
      Sleep sleep = [](Duration duration) { return sleep_for(duration); });

  /// The credential to use now: refreshed by us or by another. Errors: sign_in_required,
  /// invalid_client, and transient ones (timeout, unavailable, outcome_unknown, server_error,
  /// rate_limited, storage). Cancellation may leave an attempt whose outcome is unknown.
  Task<Result<vault::Credential>> refresh(RefreshOrder order);

 private:
  struct Attempt;
  Task<RefreshFlow::Decision> perform(Attempt& attempt, RefreshFlow::Decision decision);
  Task<RefreshFlow::Decision> read(Attempt& attempt);
  Task<RefreshFlow::Decision> acquire(Attempt& attempt);
  Task<RefreshFlow::Decision> mark(Attempt& attempt);
  Task<RefreshFlow::Decision> send(Attempt& attempt);
  Task<RefreshFlow::Decision> save(Attempt& attempt);
  Task<RefreshFlow::Decision> require_sign_in(Attempt& attempt, std::string reason);
  Task<RefreshFlow::Decision> settle(Attempt& attempt);
  Task<RefreshFlow::Decision> revoke_late(Attempt& attempt);
  Task<RefreshFlow::Decision> after_conflict(Attempt& attempt, RefreshFlow::Step step);
  Task<RefreshFlow::Decision> probe(Attempt& attempt);
  Task<RefreshFlow::Decision> give_up_client(Attempt& attempt);
  Task<Result<oauth::ClientAuthentication>> find_client(Attempt& attempt);
  Task<> release(Attempt& attempt);
  Moment now() const { return {clock_.now(), clock_.steady_now()}; }

  vault::Store& store_;
  http::Client& client_;
  const Clock& clock_;
  Logger& logger_;
  Sleep sleep_;
  Registrar registrar_;
  ClientRepair repair_;
  oauth::DpopNonces nonces_;
};

}  // namespace gatehouse::oauth_client
