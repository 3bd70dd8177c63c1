// IdleRefresh: keeps every stored login fresh while a gateway runs, used or not, so that a person
// who comes back after a week still is signed in and `status` stays true. What has a refresh token
// and a known expiry is refreshed before it expires (RefreshPlan), single across processes through
// the lease; of unknown expiry nothing is assumed. Also looks after registrations: secrets that end
// soon are fetched anew where the provider offers that (RFC 7592), and clients that nothing refers
// to any more are deleted. One per process that serves agents.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "async/condition.hpp"
#include "oauth_client/refresh_plan.hpp"
#include "oauth_client/registration.hpp"
#include "oauth_client/token_source.hpp"

namespace gatehouse::oauth_client {

class IdleRefresh final {
 public:
  struct Parts {
    vault::Store& store;
    http::Client& http;
    TokenSource& tokens;
    TaskGroup& tasks;  ///< runs the refreshes; must be shut down before this goes
    const Clock& clock;
    Logger& logger;
  };
  IdleRefresh(Parts parts, OrganizationId organization);

  /// Runs until cancelled.
  Task<> run();
  /// A login or a connection changed: read again soon. From the shard's own thread.
  void on_change(const vault::Change& change);

  /// One look, as run() takes it: reads what changed and starts what is due. How long to wait for
  /// the next one.
  Task<std::chrono::milliseconds> look();

 private:
  /// A stored login and the connection it belongs to.
  struct Holding {
    vault::Connection connection;
    vault::Credential credential;
  };
  Task<Result<std::vector<Holding>>> read_holdings();
  Task<> refresh_one(vault::CredentialKey key);
  Task<RefreshPlan::Outcome> try_refresh(vault::CredentialKey key);
  /// `status` and `list` say what the next call would meet.
  Task<> note_end(vault::Connection connection, vault::CredentialKey key, Error why);
  Task<> tend_registrations();
  void wake();
  Moment now() const { return {parts_.clock.now(), parts_.clock.steady_now()}; }

  Parts parts_;
  OrganizationId organization_;
  Registrar registrar_;
  RefreshPlan plan_;
  Condition changed_;
  std::map<vault::CredentialKey, vault::Connection> connections_;  ///< of what is planned
  std::map<std::string, std::vector<http::Allowance>> issuers_;    ///< with what may be reached
  std::size_t under_way_ = 0;
  bool again_ = false;  ///< something happened since the look began
  bool dirty_ = true;   ///< and the store is to be read
  SteadyTime read_at_{};
  std::optional<SteadyTime> tended_at_;
};

}  // namespace gatehouse::oauth_client
