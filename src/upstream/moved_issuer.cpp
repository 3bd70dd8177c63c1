// A sign-in that is needed because the server moved to another authorization server: the person is
// shown old against new before anybody is sent anywhere.
#include "oauth_client/issuer_change.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {

Task<PersonNeeded> Upstreams::explain_move(UpstreamPtr upstream, PersonNeeded needed) {
  const vault::Connection& connection = *upstream->connection;
  const bool by_person = connection.transport == vault::Transport::http &&
                         connection.auth == vault::AuthKind::oauth &&
                         !oauth_client::is_machine(connection);
  if (needed.why != PersonNeeded::Why::sign_in || !by_person) co_return needed;
  const std::string known = co_await oauth_client::find_known_issuer(parts_.store.credentials(),
                                                                     connection, upstream->key);
  if (known.empty()) co_return needed;
  oauth_client::DiscoveryRequest question = oauth_client::discovery_request(connection, known);
  if (!needed.challenges.empty()) question.challenges = needed.challenges;
  const auto found = co_await oauth_client::discover(std::move(question), parts_.http);
  if (!found) co_return needed;
  const auto change = oauth_client::find_change(*found, known);
  if (!change) co_return needed;
  needed.error = oauth_client::describe_change(*change, connection.name);
  co_await save_health(upstream, vault::Health::sign_in_required, needed.error);
  co_return needed;
}

}  // namespace gatehouse::upstream
