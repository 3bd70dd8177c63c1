// What a 401 or 403 means where no person signs in: a newer token once, and after that it is for
// whoever runs the servers or keeps the client.
#include <fmt/format.h>

#include "oauth/challenge.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {

Task<Result<std::optional<PersonNeeded>>> Upstreams::on_machine_refusal(
    UpstreamPtr upstream, mcp::HttpRefusal refusal, oauth_client::AccessTokenPtr used,
    bool repeated) {
  const std::string& name = upstream->connection->name;
  if (used && refusal.status == 401 && !repeated) {
    Result<oauth_client::AccessTokenPtr> renewed =
        co_await parts_.tokens.on_unauthorized(*upstream->connection, upstream->key, used);
    if (renewed) co_return std::nullopt;
    const Error error = renewed.error();
    if (error.code == Errc::sign_in_required) {
      co_await save_health(upstream, vault::Health::sign_in_required, error);
      co_return PersonNeeded{PersonNeeded::Why::sign_in, error, {}, {}};
    }
    co_await save_health(upstream, vault::Health::failing, error);
    co_return std::unexpected(error);
  }
  Error error{
      Errc::rejected,
      fmt::format("{} refuses the token that was obtained for it (HTTP {})", name, refusal.status),
      fmt::format("whoever runs that server must let this client in; a new token: gatehouse "
                  "login {}",
                  name)};
  const auto challenges = oauth::parse_challenges(std::span<const std::string>(refusal.challenges));
  const auto bearer = oauth::find_bearer(challenges);
  if (used && refusal.status == 403 && bearer && !bearer->scope.empty()) {
    const auto step = oauth_client::TokenSource::on_insufficient_scope(*upstream->connection, *used,
                                                                       refusal.challenges);
    error.detail = step.error.detail;
    error.hint = step.error.hint;
  }
  co_await save_health(upstream, vault::Health::failing, error);
  co_return std::unexpected(error);
}

}  // namespace gatehouse::upstream
