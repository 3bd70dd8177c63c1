#include "base/random.hpp"
#include "jsonrpc/json.hpp"
#include "oauth_server/endpoints.hpp"

namespace gatehouse::oauth_server {
namespace {

std::string describe_client(const Client& client, const std::string& secret) {
  std::string out = "{\"client_id\":" + jsonrpc::quote(client.id);
  out += ",\"client_id_issued_at\":" +
         std::to_string(client.created.time_since_epoch().count() / 1000);
  if (!secret.empty()) {
    out += ",\"client_secret\":" + jsonrpc::quote(secret) + ",\"client_secret_expires_at\":0";
  }
  if (!client.name.empty()) out += ",\"client_name\":" + jsonrpc::quote(client.name);
  out += ",\"redirect_uris\":[";
  for (std::size_t i = 0; i < client.redirect_uris.size(); ++i) {
    if (i != 0) out += ',';
    jsonrpc::append_quoted(out, client.redirect_uris[i]);
  }
  out +=
      "],\"token_endpoint_auth_method\":" + jsonrpc::quote(oauth::to_string(client.auth_method)) +
      ",\"response_types\":[\"code\"],\"grant_types\":[\"authorization_code\"";
  out += client.may_refresh ? ",\"refresh_token\"]}" : "]}";
  return out;
}

}  // namespace

Task<http::Response> answer_registration(Context& context, const http::Request& request) {
  auto client = parse_client_metadata(request.body);
  if (!client) co_return failure_answer(client.error());
  client->id = "client_" + random_token(16);
  client->created = context.clock.now();
  std::string secret;
  if (client->auth_method != oauth::ClientAuthMethod::none) {
    secret = random_token(32);
    client->secret_hash = hash_of(secret);
  }
  const auto stored = co_await context.store.add_client(*client);
  if (!stored) co_return failure_answer(server_error().error());
  ++context.counters.clients_registered;
  co_return json_answer(201, describe_client(*client, secret));
}

}  // namespace gatehouse::oauth_server
