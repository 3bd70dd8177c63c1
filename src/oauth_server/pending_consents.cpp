#include "oauth_server/pending_consents.hpp"

#include "base/random.hpp"

namespace gatehouse::oauth_server {
namespace {

constexpr auto kLife = std::chrono::minutes(10);

}  // namespace

const PendingConsent& PendingConsents::add(PendingConsent consent, SystemTime now) {
  std::erase_if(pending_, [now](const PendingConsent& old) { return old.expires <= now; });
  if (pending_.size() >= kMost) pending_.pop_front();
  consent.token = random_token(32);
  consent.expires = now + kLife;
  return pending_.emplace_back(std::move(consent));
}

std::optional<PendingConsent> PendingConsents::take(std::string_view token,
                                                    std::string_view browser, SystemTime now) {
  for (auto at = pending_.begin(); at != pending_.end(); ++at) {
    if (!equal_constant_time(at->token, token)) continue;
    if (at->expires <= now || !equal_constant_time(at->browser, browser)) return std::nullopt;
    PendingConsent found = std::move(*at);
    pending_.erase(at);
    return found;
  }
  return std::nullopt;
}

}  // namespace gatehouse::oauth_server
