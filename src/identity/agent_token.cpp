#include "identity/agent_token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/decision.hpp"

namespace gatehouse::identity {
namespace {

constexpr std::size_t kChecksum = 6;  ///< characters
constexpr std::size_t kNameBytes = 64;

std::string checksum(std::string_view body) {
  return base64url_encode(sha256(body).substr(0, 4));
}

Result<void> check_order(const AgentTokenOrder& order, SystemTime now) {
  const bool printable = std::ranges::none_of(order.name, [](char raw) {
    const auto c = static_cast<unsigned char>(raw);
    return c < 0x20 || c == 0x7f;
  });
  if (order.name.empty() || order.name.size() > kNameBytes || !printable || !is_utf8(order.name))
    return fail(Errc::invalid_argument,
                fmt::format("name: give 1 to {} printable characters", kNameBytes));
  if (order.scopes.empty())
    return fail(Errc::invalid_argument, "scope: a token without scopes can do nothing",
                fmt::format("use {} or {}", kReadScope, kWriteScope));
  for (const std::string& scope : order.scopes) {
    if (scope != kReadScope && scope != kWriteScope)
      return fail(Errc::invalid_argument,
                  fmt::format("scope: {} is not known", quote_remote(scope)),
                  fmt::format("use {} or {}", kReadScope, kWriteScope));
  }
  if (order.expires_at && *order.expires_at <= now)
    return fail(Errc::invalid_argument, "expiry: it is in the past");
  return {};
}

}  // namespace

NewAgentToken make_agent_token() {
  std::string text;
  text.reserve(kAgentTokenSize);  // no reallocation: no unwiped copies
  text += kAgentTokenPrefix;
  text += Secret(random_token(32)).reveal();
  text += checksum(text);
  NewAgentToken token{Secret(std::move(text)), {}};
  token.hash = hash_of_agent_token(token.text.reveal());
  return token;
}

Result<void> check_agent_token(std::string_view text) {
  if (!text.starts_with(kAgentTokenPrefix))
    return fail(Errc::parse, fmt::format("a token begins with {}", kAgentTokenPrefix));
  if (text.size() != kAgentTokenSize)
    return fail(Errc::parse,
                fmt::format("a token has {} characters, this has {}", kAgentTokenSize, text.size()),
                "copy it again in full");
  const std::string_view body = text.substr(0, text.size() - kChecksum);
  if (text.substr(body.size()) != checksum(body))
    return fail(Errc::parse, "the token's checksum is wrong", "copy it again in full");
  return {};
}

std::string hash_of_agent_token(std::string_view text) {
  return hex_encode(sha256(text));
}

TokenState judge(const vault::AgentToken& token, SystemTime now) {
  if (token.revoked_at) return TokenState::revoked;
  if (token.expires_at && *token.expires_at <= now) return TokenState::expired;
  return TokenState::active;
}

Task<Result<IssuedAgentToken>> issue_agent_token(vault::AgentTokenStore& store,
                                                 AgentTokenOrder order, SystemTime now) {
  if (auto checked = check_order(order, now); !checked) co_return std::unexpected(checked.error());
  IssuedAgentToken issued;
  NewAgentToken token = make_agent_token();
  issued.record = {.id = TokenId::make(),
                   .organization = order.organization,
                   .member = order.member,
                   .name = std::move(order.name),
                   .hash = token.hash,
                   .scopes = std::move(order.scopes),
                   .created_at = now,
                   .expires_at = order.expires_at};
  issued.token = std::move(token.text);
  auto created = co_await store.create(issued.record);
  if (!created) co_return std::unexpected(created.error());
  co_return issued;
}

}  // namespace gatehouse::identity
