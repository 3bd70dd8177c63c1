#include "identity/agent_token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/decision.hpp"

namespace gatehouse::identity {
namespace {

constexpr std::size_t kBits = 43;     ///< characters of 256 bits
constexpr std::size_t kChecksum = 6;  ///< characters
constexpr std::size_t kNameBytes = 64;

std::string checksum(std::string_view bits) {
  return base64url_encode(sha256("gatehouse agent token " + std::string(bits)))
      .substr(0, kChecksum);
}

Result<void> check_wanted(const NewAgentToken& wanted, SystemTime now) {
  const bool printable = std::ranges::none_of(wanted.name, [](char raw) {
    const auto c = static_cast<unsigned char>(raw);
    return c < 0x20 || c == 0x7f;
  });
  if (wanted.name.empty() || wanted.name.size() > kNameBytes || !printable || !is_utf8(wanted.name))
    return fail(Errc::invalid_argument,
                fmt::format("name: give 1 to {} printable characters", kNameBytes));
  if (wanted.scopes.empty())
    return fail(Errc::invalid_argument, "scope: a token without scopes can do nothing",
                fmt::format("use {} or {}", kReadScope, kWriteScope));
  for (const std::string& scope : wanted.scopes) {
    if (scope != kReadScope && scope != kWriteScope)
      return fail(Errc::invalid_argument,
                  fmt::format("scope: {} is not known", quote_remote(scope)),
                  fmt::format("use {} or {}", kReadScope, kWriteScope));
  }
  if (wanted.expires_at && *wanted.expires_at <= now)
    return fail(Errc::invalid_argument, "expiry: it is in the past");
  return {};
}

}  // namespace

Secret make_agent_token() {
  const Secret bits(random_token(32));
  std::string token;
  token.reserve(kAgentTokenSize);
  token.append(kAgentTokenPrefix).append(bits.reveal()).append(checksum(bits.reveal()));
  return Secret(std::move(token));
}

Result<void> check_agent_token(std::string_view text) {
  if (!text.starts_with(kAgentTokenPrefix))
    return fail(Errc::parse, fmt::format("a token begins with {}", kAgentTokenPrefix));
  if (text.size() != kAgentTokenSize)
    return fail(Errc::parse,
                fmt::format("a token has {} characters, this has {}", kAgentTokenSize, text.size()),
                "copy it again in full");
  const std::string_view bits = text.substr(kAgentTokenPrefix.size(), kBits);
  const std::string_view sum = text.substr(kAgentTokenPrefix.size() + kBits);
  if (!base64url_decode(bits) || sum != checksum(bits))
    return fail(Errc::parse, "the token's checksum is wrong", "copy it again in full");
  return {};
}

std::string hash_agent_token(std::string_view token) {
  return hex_encode(sha256(token));
}

TokenState judge(const vault::AgentToken& token, SystemTime now) {
  if (token.revoked_at) return TokenState::revoked;
  if (token.expires_at && *token.expires_at <= now) return TokenState::expired;
  return TokenState::active;
}

Task<Result<IssuedAgentToken>> issue_agent_token(vault::AgentTokenStore& store,
                                                 NewAgentToken wanted, SystemTime now) {
  if (auto checked = check_wanted(wanted, now); !checked)
    co_return std::unexpected(checked.error());
  IssuedAgentToken issued;
  issued.token = make_agent_token();
  issued.record = {.id = TokenId::make(),
                   .organization = wanted.organization,
                   .member = wanted.member,
                   .name = std::move(wanted.name),
                   .hash = hash_agent_token(issued.token.reveal()),
                   .scopes = std::move(wanted.scopes),
                   .created_at = now,
                   .expires_at = wanted.expires_at};
  auto created = co_await store.create(issued.record);
  if (!created) co_return std::unexpected(created.error());
  co_return issued;
}

}  // namespace gatehouse::identity
