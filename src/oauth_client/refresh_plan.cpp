#include "oauth_client/refresh_plan.hpp"

#include <algorithm>
#include <functional>

namespace gatehouse::oauth_client {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds kFirstPause = 10s;
constexpr milliseconds kUntilRead = 1s;  // a refreshed row is read again before that
constexpr int kDoublings = 8;

bool is_planned(const vault::Credential& credential) {
  return credential.tokens.expires_at && !credential.tokens.refresh_token.empty() &&
         !credential.sign_in_required;
}

}  // namespace

/// In [0, 1), the same for one login as long as the process runs.
double RefreshPlan::spread_of(const vault::CredentialKey& key) const {
  std::uint64_t mixed = seed_ ^ std::hash<std::string>()(key.connection.value + "\n" + key.account);
  if (key.owner) mixed ^= std::hash<std::string>()(key.owner->value) << 1U;
  mixed *= 0x9e3779b97f4a7c15ULL;
  return static_cast<double>(mixed >> 32U) / 4294967296.0;
}

SystemTime RefreshPlan::due_of(const vault::Credential& credential) const {
  const vault::TokenSet& tokens = credential.tokens;
  const milliseconds life =
      std::chrono::duration_cast<milliseconds>(*tokens.expires_at - tokens.obtained_at);
  const milliseconds ahead = limits::kIdleRefreshAhead;
  const auto wish =
      ahead + std::chrono::duration_cast<milliseconds>(ahead * 0.5 * spread_of(credential.key));
  return *tokens.expires_at - std::clamp(life / 3, milliseconds(0), wish);
}

void RefreshPlan::set(const std::vector<vault::Credential>& credentials) {
  std::map<vault::CredentialKey, Entry> next;
  for (const vault::Credential& credential : credentials) {
    if (!is_planned(credential)) continue;
    Entry entry{
        .version = credential.version, .epoch = credential.epoch, .due = due_of(credential)};
    const auto old = entries_.find(credential.key);
    if (old != entries_.end()) {
      entry.under_way = old->second.under_way;
      entry.taken_version = old->second.taken_version;
      entry.taken_epoch = old->second.taken_epoch;
      if (old->second.version == entry.version && old->second.epoch == entry.epoch) {
        entry.paused_until = old->second.paused_until;
        entry.failures = old->second.failures;
        entry.ended = old->second.ended;
      }
    }
    next.emplace(credential.key, entry);
  }
  // One under way is remembered, so that it is not started twice when its row comes back.
  for (const auto& [key, entry] : entries_)
    if (entry.under_way && !next.contains(key))
      next.emplace(key, Entry{.under_way = true, .ended = true});
  entries_ = std::move(next);
}

std::vector<vault::CredentialKey> RefreshPlan::take_due(Moment now, std::size_t places) {
  std::vector<vault::CredentialKey> due;
  for (auto& [key, entry] : entries_) {
    if (due.size() >= places) break;
    if (entry.under_way || entry.ended || entry.due > now.wall || entry.paused_until > now.steady)
      continue;
    entry.under_way = true;
    entry.taken_version = entry.version;
    entry.taken_epoch = entry.epoch;
    due.push_back(key);
  }
  return due;
}

void RefreshPlan::on_end(const vault::CredentialKey& key, Outcome outcome, Moment now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.under_way = false;
  // The row has changed since, and was read: the outcome is old news.
  if (entry.version != entry.taken_version || entry.epoch != entry.taken_epoch) return;
  entry.ended = outcome == Outcome::ended;
  milliseconds pause = kUntilRead;
  if (outcome == Outcome::failed) {
    pause = std::min<milliseconds>(kFirstPause * (1 << std::min(entry.failures++, kDoublings)),
                                   limits::kIdleRefreshPauseMost);
  }
  entry.paused_until =
      now.steady + pause + std::chrono::duration_cast<milliseconds>(pause * 0.3 * spread_of(key));
}

milliseconds RefreshPlan::until_next(Moment now) const {
  milliseconds wait = limits::kIdleRefreshLook;
  for (const auto& [key, entry] : entries_) {
    if (entry.under_way || entry.ended) continue;
    const auto by_wall = std::chrono::ceil<milliseconds>(entry.due - now.wall);
    const auto by_pause = std::chrono::ceil<milliseconds>(entry.paused_until - now.steady);
    wait = std::min(wait, std::max({by_wall, by_pause, milliseconds(0)}));
  }
  return wait;
}

}  // namespace gatehouse::oauth_client
