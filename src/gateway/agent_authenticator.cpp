#include "gateway/agent_authenticator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "gateway/endpoint_paths.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t kMaxCallers = 10'000;

// RFC 6750 §2.1; nothing when the header is absent or of another scheme.
std::optional<std::string_view> bearer_token(const http::Request& request) {
  const std::optional<std::string_view> header = request.headers.find("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (!header || header->size() <= kScheme.size() ||
      !ascii_iequal(header->substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  return trim_ows(header->substr(kScheme.size()));
}

}  // namespace

http::Response refuse_at_door(FrontDoor::Verdict verdict) {
  const bool host = verdict == FrontDoor::Verdict::wrong_host;
  http::Response response;
  response.status = host ? 421 : 403;
  response.headers = {{"Content-Type", "application/json"}};
  response.body =
      host
          ? R"({"error":"wrong_host","detail":"This gateway does not answer to that Host; configure public_url."})"
          : R"({"error":"wrong_origin","detail":"Requests from that Origin are not accepted."})";
  return response;
}

AgentAuthenticator::AgentAuthenticator(const FrontDoor& door, identity::TokenCache& tokens)
    : door_(door), tokens_(tokens), room_(kMaxCallers) {}

http::Response AgentAuthenticator::challenge(const http::Request& request,
                                             std::string_view error) const {
  http::Response response;
  response.status = 401;
  std::string value = "Bearer ";
  if (!error.empty())
    value += fmt::format(
        "error=\"{}\", error_description=\"The token is unknown, expired or revoked\", ", error);
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  value += fmt::format("resource_metadata=\"{}{}{}\"", door_.base_url(), kResourceMetadataPrefix,
                       is_endpoint_path(path) ? path : kMcpPath);
  response.headers = {{"WWW-Authenticate", value}, {"Content-Type", "application/json"}};
  response.body =
      R"({"error":"unauthorized","detail":"Send Authorization: Bearer with a token from `gatehouse token create`."})";
  return response;
}

Task<std::variant<std::shared_ptr<const mcp_server::Caller>, http::Response>>
AgentAuthenticator::authenticate(const http::Exchange& exchange) {
  if (const FrontDoor::Verdict verdict = door_.admit(exchange.request());
      verdict != FrontDoor::Verdict::admit) {
    co_return refuse_at_door(verdict);
  }
  const std::optional<std::string_view> token = bearer_token(exchange.request());
  if (!token) co_return challenge(exchange.request(), {});
  identity::PrincipalPtr principal;
  if (const std::optional<identity::PrincipalPtr> cached = tokens_.find_cached(*token)) {
    principal = *cached;
  } else {
    Result<identity::PrincipalPtr> found = co_await tokens_.find(std::string(*token));
    if (!found) {
      http::Response response;
      response.status = 503;
      response.headers = {{"Retry-After", "1"}, {"Content-Type", "application/json"}};
      response.body = R"({"error":"unavailable","detail":"Tokens cannot be checked right now."})";
      co_return response;
    }
    principal = *found;
  }
  if (!principal) co_return challenge(exchange.request(), "invalid_token");
  const auto known = callers_.find(principal);
  if (known != callers_.end()) co_return known->second;
  make_room();
  const std::shared_ptr<const AgentCaller> caller =
      callers_.emplace(principal, make_caller(*principal)).first->second;
  if (principal->expires_at && met_expiring_) met_expiring_();
  co_return caller;
}

void AgentAuthenticator::make_room() {
  if (callers_.size() < room_) return;
  std::erase_if(callers_, [](const auto& one) { return one.second.use_count() == 1; });
  room_ = std::max(kMaxCallers, 2 * callers_.size());
}

std::set<std::string> AgentAuthenticator::identities_of(const TokenId& token) const {
  std::set<std::string> identities;
  for (const auto& [principal, caller] : callers_)
    if (principal->token == token) identities.insert(caller->identity);
  return identities;
}

std::set<std::string> AgentAuthenticator::take_expired(SystemTime now) {
  std::set<std::string> identities;
  std::erase_if(callers_, [&](const auto& one) {
    const auto& [principal, caller] = one;
    if (!principal->expires_at || *principal->expires_at > now) return false;
    if (caller.use_count() > 1) identities.insert(caller->identity);
    return caller.use_count() == 1;
  });
  return identities;
}

std::optional<SystemTime> AgentAuthenticator::next_expiry() const {
  std::optional<SystemTime> next;
  for (const auto& [principal, caller] : callers_)
    if (principal->expires_at)
      next = std::min(next.value_or(*principal->expires_at), *principal->expires_at);
  return next;
}

}  // namespace gatehouse::gateway
