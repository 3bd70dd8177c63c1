#include "oauth_client/refresh_flow.hpp"

#include <algorithm>

namespace gatehouse::oauth_client {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds kPoll = 150ms;       // a loser looks this often for the winner's pair
constexpr milliseconds kReplayDelay = 1s;   // lost answers are replayed within seconds
constexpr milliseconds kReplayPause = 60s;  // after the quick replays: one attempt at a time
constexpr milliseconds kSaveRetryMost = 2s;
constexpr int kSaveRetries = 60;

milliseconds spread(milliseconds base, double jitter) {
  return base + milliseconds(static_cast<std::int64_t>(static_cast<double>(base.count()) * jitter));
}

Error sign_in_error(std::string detail, const std::string& hint) {
  return {Errc::sign_in_required, std::move(detail), hint};
}

// The request may have been carried out: no answer, or one that the tokens cannot be taken from.
bool is_lost_answer(Errc code) {
  return code == Errc::outcome_unknown || code == Errc::protocol || code == Errc::too_large ||
         code == Errc::cancelled;
}

bool is_transient(Errc code) {
  return code == Errc::unavailable || code == Errc::timeout || code == Errc::server_error ||
         code == Errc::rate_limited || code == Errc::tls || code == Errc::blocked_address ||
         code == Errc::storage || code == Errc::conflict;
}

}  // namespace

milliseconds refresh_margin(const vault::TokenSet& tokens, double jitter) {
  const milliseconds wish = spread(limits::kRefreshAhead, jitter * 0.5);
  if (!tokens.expires_at) return wish;
  const milliseconds life = *tokens.expires_at - tokens.obtained_at;
  return std::clamp(life / 4, milliseconds(0), wish);
}

bool is_alive(const vault::TokenSet& tokens, SystemTime now) {
  if (tokens.access_token.empty()) return false;
  return !tokens.expires_at || now < *tokens.expires_at;
}

/// Somebody stored another pair than the one that is to be replaced.
bool RefreshFlow::replaced() const {
  return row_ && (row_->epoch != goal_.epoch || row_->version != goal_.version) &&
         !row_->tokens.access_token.empty();
}

/// The token at hand may stay in use: not refused, and not known to have expired.
bool RefreshFlow::usable(Moment now) const {
  return row_ && (replaced() || goal_.reason == RefreshReason::ahead) &&
         is_alive(row_->tokens, now.wall);
}

/// Ended by our count, which began when the request for it was sent.
bool RefreshFlow::just_expired(Moment now) const {
  return row_ && goal_.reason == RefreshReason::ahead && row_->tokens.expires_at &&
         now.wall - *row_->tokens.expires_at < limits::kTokenRequestTimeout;
}

RefreshFlow::Decision RefreshFlow::use_or_fail(Error error, Moment now) const {
  if (usable(now)) return {Step::adopt};
  return {Step::fail, 0ms, std::move(error)};
}

RefreshFlow::Decision RefreshFlow::settle_then(Decision then) {
  after_ = std::move(then);
  return {Step::settle};
}

RefreshFlow::Decision RefreshFlow::check_row(Moment now, Step next) {
  if (!row_ || row_->tokens.access_token.empty()) {
    return {Step::fail, 0ms, sign_in_error("nobody is signed in", goal_.login_hint)};
  }
  if (replaced() && is_alive(row_->tokens, now.wall)) return {Step::adopt};
  if (row_->sign_in_required) {
    const std::string why =
        row_->sign_in_reason.empty() ? "the login has ended" : row_->sign_in_reason;
    return use_or_fail(sign_in_error(why, goal_.login_hint), now);
  }
  if (replaced()) {  // newer, and expired already: it is now the one to replace
    goal_ = {row_->version, row_->epoch, RefreshReason::ahead, goal_.login_hint};
  }
  if (row_->tokens.refresh_token.empty()) {
    return use_or_fail(sign_in_error("the access token is no longer accepted or has expired, and "
                                     "the server gave no refresh token",
                                     goal_.login_hint),
                       now);
  }
  return check_replays(now, next);
}

RefreshFlow::Decision RefreshFlow::check_replays(Moment now, Step next) const {
  if (row_->attempts == 0 || !row_->last_attempt_at) return {next};
  const Error unknown{Errc::outcome_unknown,
                      "earlier refresh requests got no answer, so that it is not known whether the "
                      "refresh token is still good",
                      "it is tried again by itself; to settle it, " + goal_.login_hint};
  const bool quick = row_->attempts <= limits::kRefreshReplays;
  // While the access token works there is something to lose: a replay beyond the provider's grace
  // may look like theft. Once it does not, one attempt at a time finds out.
  if (!quick && usable(now)) return {Step::adopt};
  const milliseconds pause = quick ? kReplayDelay : kReplayPause;
  const milliseconds left = *row_->last_attempt_at + pause - now.wall;
  // More than the whole pause: the clock was set back since, and would make us wait for hours.
  if (left <= 0ms || left > pause) return {next};
  if (quick) return {Step::read, left};
  return {Step::fail, 0ms, unknown};
}

RefreshFlow::Decision RefreshFlow::on_row(const std::optional<vault::Credential>& row, Moment now) {
  row_ = row;
  return check_row(now, Step::acquire);
}

RefreshFlow::Decision RefreshFlow::on_lease(const vault::Credential& row, Moment now) {
  row_ = row;
  Decision decision = check_row(now, Step::mark);
  // The same row may be read again later; nobody waits while holding the lease.
  return decision;
}

RefreshFlow::Decision RefreshFlow::on_busy(Moment now, double jitter) {
  if (now.steady - start_.steady < limits::kRefreshWait) return {Step::read, spread(kPoll, jitter)};
  return use_or_fail(
      {Errc::timeout, "another process is refreshing this login and takes long", "try again"}, now);
}

RefreshFlow::Decision RefreshFlow::on_failure(const Error& error, Moment now, double jitter) {
  if (error.code == Errc::invalid_grant) {
    Decision decision{Step::require_sign_in};
    decision.reason = error.detail;
    after_ = use_or_fail(sign_in_error(error.detail, goal_.login_hint), now);
    return decision;
  }
  if (is_lost_answer(error.code)) return on_lost_answer(error, now, jitter);
  if (error.code == Errc::invalid_client)
    return settle_then({probed_ ? Step::give_up_client : Step::probe});
  if (is_transient(error.code)) return settle_then(use_or_fail(error, now));
  // A definite refusal that is not about the grant (invalid_scope, invalid_target, 403): nothing is
  // marked, but without a usable token only a person can go on. A server that refuses because the
  // token is still good counts its life from later than we do: let the token decide.
  if (just_expired(now)) return settle_then({Step::adopt});
  return settle_then(use_or_fail(sign_in_error(error.detail, goal_.login_hint), now));
}

RefreshFlow::Decision RefreshFlow::on_probed(const std::optional<Error>& passing, Moment now,
                                             double jitter) {
  probed_ = true;
  if (passing) return use_or_fail(*passing, now);
  return {Step::read, spread(kReplayDelay, jitter)};
}

RefreshFlow::Decision RefreshFlow::on_client_given_up(const Error& error, Moment now) const {
  return use_or_fail(error, now);
}

RefreshFlow::Decision RefreshFlow::on_lost_answer(const Error& error, Moment now, double jitter) {
  const bool time_left = now.steady - start_.steady < limits::kRefreshWait;
  // row_ was read before the attempt was marked.
  const int attempts = row_ ? row_->attempts + 1 : 1;
  if (time_left && attempts <= limits::kRefreshReplays)
    return {Step::read, spread(kReplayDelay, jitter)};
  return use_or_fail({Errc::outcome_unknown, error.detail, "try again; the login is kept"}, now);
}

RefreshFlow::Decision RefreshFlow::on_conflict(Step step,
                                               const std::optional<vault::Credential>& row,
                                               Moment now) {
  row_ = row;
  Decision then = check_row(now, Step::acquire);
  const bool older_epoch = !row_ || row_->epoch != goal_.epoch;
  // Only a pair of an older epoch is revoked: revoking one of this epoch would take the grant of
  // the pair that was stored instead with it.
  if (step == Step::save && older_epoch) {
    after_ = then;
    return {Step::revoke};
  }
  return then;
}

RefreshFlow::Decision RefreshFlow::on_save_failed(const Error& error) {
  if (++save_failures_ > kSaveRetries) return {Step::fail, 0ms, error};
  return {Step::save, std::min(kSaveRetryMost, 50ms * save_failures_)};
}

RefreshFlow::Decision RefreshFlow::on_noted() {
  if (after_) return *std::exchange(after_, std::nullopt);
  return {Step::adopt};
}

RefreshFlow::Decision RefreshFlow::on_store_failed(const Error& error, Moment now) const {
  return use_or_fail(error, now);
}

}  // namespace gatehouse::oauth_client
