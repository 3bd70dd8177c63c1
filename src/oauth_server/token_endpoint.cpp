#include "base/random.hpp"
#include "jsonrpc/json.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/token_pair.hpp"

namespace gatehouse::oauth_server {

TokenPair make_token_pair(const Context& context, const Permission& permission) {
  const SystemTime now = context.clock.now();
  TokenPair pair{.access_text = "gda_" + random_token(32),
                 .refresh_text = "gdr_" + random_token(32)};
  pair.access = {hash_of(pair.access_text), TokenKind::access, permission,
                 now + context.settings.access_token_life, false};
  pair.refresh = {hash_of(pair.refresh_text), TokenKind::refresh, permission,
                  now + context.settings.refresh_token_life, false};
  return pair;
}

std::string describe_tokens(const Context& context, const std::string& access_text,
                            const std::string& refresh_text, const std::string& scope) {
  std::string out = "{\"access_token\":" + jsonrpc::quote(access_text) +
                    ",\"token_type\":\"Bearer\",\"expires_in\":" +
                    std::to_string(context.settings.access_token_life.count());
  if (!refresh_text.empty()) out += ",\"refresh_token\":" + jsonrpc::quote(refresh_text);
  return out + ",\"scope\":" + jsonrpc::quote(scope) + "}";
}

TokenEndpoint::TokenEndpoint(Context& context, ClientDirectory& clients, PendingDevices& devices)
    : context_(context), clients_(clients) {
  grants_.push_back(make_code_grant(context));
  grants_.push_back(make_refresh_grant(context));
  if (context.settings.device_logins == DeviceLogins::on)
    grants_.push_back(make_device_grant(context, devices));
  if (!context.settings.machines.empty()) grants_.push_back(make_machine_grant(context));
}

Task<http::Response> TokenEndpoint::answer(const http::Request& request) {
  auto body = co_await run(request);
  if (!body) {
    context_.logger.info("token_refused", {{"error", body.error().error},
                                           {"description", body.error().description}});
    co_return failure_answer(body.error());
  }
  http::Response response = json_answer(200, std::move(*body));
  response.headers.add("Pragma", "no-cache");
  co_return response;
}

Task<Outcome<std::string>> TokenEndpoint::run(const http::Request& request) {
  const auto form = Parameters::parse_form(request);
  if (!form) co_return std::unexpected(form.error());
  if (!form->has("grant_type")) co_return refuse("invalid_request", "grant_type is missing");
  if (form->count("resource") > 1) co_return refuse("invalid_target", "one resource at a time");
  const auto client = co_await clients_.authenticate(request, *form);
  if (!client) co_return std::unexpected(client.error());
  const auto swept = co_await context_.store.sweep(context_.clock.now());
  if (!swept) co_return server_error();
  for (const auto& grant : grants_) {
    if (grant->type() == form->get("grant_type")) co_return co_await grant->issue(*client, *form);
  }
  co_return refuse("unsupported_grant_type", "this grant is not supported here");
}

}  // namespace gatehouse::oauth_server
