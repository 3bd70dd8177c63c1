// RefreshFlow: decides each step of one refresh (design §4.1). Event in, decision out, time as
// argument; no I/O. Driven by Refresher. What it keeps true: nothing is sent before the attempt is
// durable, no pair is used before it is stored, only invalid_grant under unchanged version and
// epoch asks a person to sign in, and a lost answer is replayed a bounded number of times.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"
#include "vault/records.hpp"

namespace gatehouse::oauth_client {

enum class RefreshReason {
  ahead,    ///< expired or close to it
  refused,  ///< the server answered 401 to it
};

struct Moment {
  SystemTime wall;
  SteadyTime steady;
};

/// How long before its expiry a token is refreshed: kRefreshAhead and jitter, but at most a quarter
/// of its life. `jitter` is in [0, 1).
std::chrono::milliseconds refresh_margin(const vault::TokenSet& tokens, double jitter);
/// False once the expiry is known and past. Unknown expiry is unknown, not expired.
bool is_alive(const vault::TokenSet& tokens, SystemTime now);

class RefreshFlow final {
 public:
  enum class Step {
    read,             ///< read the row without a lease → on_row
    acquire,          ///< take the lease → on_lease, on_busy
    mark,             ///< durably note the attempt → on_marked, on_conflict
    send,             ///< send the token request → on_tokens, on_failure
    save,             ///< durably store the new pair → on_saved, on_conflict, on_save_failed
    require_sign_in,  ///< set "sign in again" → on_noted, on_conflict
    settle,           ///< the attempt is known to have changed nothing → on_noted
    revoke,           ///< revoke the pair that came too late → on_noted
    probe,            ///< the client was refused: look whether it is the client → on_probed
    give_up_client,   ///< it was refused again: replace it where we can → on_client_given_up
    adopt,            ///< done: use the row last seen
    fail,             ///< done: `error`
  };
  struct Decision {
    Step step;
    std::chrono::milliseconds delay{0};  ///< wait so long first
    std::optional<Error> error;          ///< of fail
    std::string reason;                  ///< of require_sign_in, for people
  };

  struct Goal {
    std::int64_t version = 0;  ///< of the token that is to be replaced
    std::int64_t epoch = 0;
    RefreshReason reason = RefreshReason::ahead;
    std::string login_hint;  ///< what the person does to sign in: "run `gatehouse login x`"
  };

  RefreshFlow(Goal goal, Moment start) : goal_(std::move(goal)), start_(start) {}

  Decision begin() const { return {Step::read}; }
  Decision on_row(const std::optional<vault::Credential>& row, Moment now);
  Decision on_lease(const vault::Credential& row, Moment now);
  Decision on_busy(Moment now, double jitter);
  Decision on_marked() const { return {Step::send}; }
  Decision on_tokens() const { return {Step::save}; }
  /// `error` is what the token request ended in.
  Decision on_failure(const Error& error, Moment now, double jitter);
  /// A compare-and-set of mark, save or require_sign_in lost.
  Decision on_conflict(Step step, const std::optional<vault::Credential>& row, Moment now);
  /// `passing` is set when the server is not well, so that its refusal of the client means nothing.
  Decision on_probed(const std::optional<Error>& passing, Moment now, double jitter);
  /// `error` says what the person must do. The row is not touched: the login works on when the
  /// server takes its client again.
  Decision on_client_given_up(const Error& error, Moment now) const;
  Decision on_saved() const { return {Step::adopt}; }
  /// The store failed while the only copy of the pair is in memory: tried again for a while.
  Decision on_save_failed(const Error& error);
  /// require_sign_in, settle or revoke is done, or failed, which changes nothing.
  Decision on_noted();
  /// The store failed where nothing is at stake yet.
  Decision on_store_failed(const Error& error, Moment now) const;

  /// The row as last seen; what adopt means.
  const std::optional<vault::Credential>& row() const { return row_; }

 private:
  bool replaced() const;
  bool usable(Moment now) const;
  bool just_expired(Moment now) const;
  Decision settle_then(Decision then);
  Decision use_or_fail(Error error, Moment now) const;
  Decision on_lost_answer(const Error& error, Moment now, double jitter);
  Decision check_row(Moment now, Step next);
  Decision check_replays(Moment now, Step next) const;

  Goal goal_;
  Moment start_;
  std::optional<vault::Credential> row_;
  std::optional<Decision> after_;  ///< what follows on_noted()
  int save_failures_ = 0;
  bool probed_ = false;
};

}  // namespace gatehouse::oauth_client
