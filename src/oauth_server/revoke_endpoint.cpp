#include "oauth_server/endpoints.hpp"

namespace gatehouse::oauth_server {

Task<http::Response> answer_revocation(Context& context, ClientDirectory& clients,
                                       const http::Request& request) {
  const auto form = Parameters::parse_form(request);
  if (!form) co_return failure_answer(form.error());
  const auto client = co_await clients.authenticate(request, *form);
  if (!client) co_return failure_answer(client.error());
  if (!form->has("token")) {
    co_return failure_answer({"invalid_request", "token is missing"});
  }
  const auto found = co_await context.store.find_token(hash_of(form->get("token")));
  if (!found) co_return failure_answer(server_error().error());
  // Unknown tokens, and those of others, are answered alike (RFC 7009 §2.2).
  if (!*found || (*found)->permission.client_id != client->id) co_return json_answer(200, "{}");
  const Token& token = **found;
  const auto revoked = token.kind == TokenKind::refresh
                           ? co_await context.store.revoke_grant(token.permission.grant_id)
                           : co_await context.store.revoke_token(token.hash);
  if (!revoked) co_return failure_answer(server_error().error());
  if (token.kind == TokenKind::refresh) ++context.counters.grants_revoked;
  co_return json_answer(200, "{}");
}

}  // namespace gatehouse::oauth_server
