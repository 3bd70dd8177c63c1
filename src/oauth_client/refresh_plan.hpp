// RefreshPlan: which stored logins are to be refreshed when, although nobody uses them. Decides
// without waiting; driven by IdleRefresh. Only what has a refresh token and a known expiry is
// planned; a failing one pauses, longer each time, until it works or another login replaces it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "oauth_client/refresh_flow.hpp"
#include "vault/records.hpp"

namespace gatehouse::oauth_client {

class RefreshPlan final {
 public:
  /// `seed` spreads the processes and replicas of one store.
  explicit RefreshPlan(std::uint64_t seed) : seed_(seed) {}

  /// What the store holds now. Refreshes under way and pauses of unchanged rows go on.
  void set(const std::vector<vault::Credential>& credentials);

  /// At most `places` logins whose time has come; each is under way until on_end().
  std::vector<vault::CredentialKey> take_due(Moment now, std::size_t places);
  enum class Outcome {
    refreshed,
    failed,  ///< tried again after a pause
    ended,   ///< only a person can go on: not tried until the row changes
  };
  void on_end(const vault::CredentialKey& key, Outcome outcome, Moment now);

  /// Until something may be due; at most kIdleRefreshLook, since wall clocks jump.
  std::chrono::milliseconds until_next(Moment now) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::int64_t version = 0;
    std::int64_t epoch = 0;
    SystemTime due{};
    SteadyTime paused_until{};
    int failures = 0;
    bool under_way = false;
    std::int64_t taken_version = 0;  ///< of the row that the refresh under way began with
    std::int64_t taken_epoch = 0;
    bool ended = false;
  };
  SystemTime due_of(const vault::Credential& credential) const;
  double spread_of(const vault::CredentialKey& key) const;

  std::uint64_t seed_;
  std::map<vault::CredentialKey, Entry> entries_;
};

}  // namespace gatehouse::oauth_client
