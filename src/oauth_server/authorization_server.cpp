#include "oauth_server/authorization_server.hpp"

#include "http/url.hpp"
#include "oauth_server/endpoints.hpp"

namespace gatehouse::oauth_server {
namespace {

using Endpoint = AuthorizationServer::Endpoint;

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

/// The path of the issuer without a slash at its end.
std::string issuer_path(const Settings& settings) {
  const auto url = http::Url::parse(settings.issuer, "the issuer");
  std::string path = url ? url->path() : std::string();
  if (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

struct AuthorizationServer::State {
  State(Settings settings, Store& store, http::Client* client, const Clock& clock, Logger& logger)
      : context{std::move(settings), store, client, clock, logger, {}},
        prefix(issuer_path(context.settings)),
        clients(context),
        authorize(context, clients),
        device(context, clients, devices),
        token(context, clients, devices) {}

  Task<http::Response> answer(Endpoint endpoint, const http::Request& request) {
    const bool get = request.method == "GET";
    const bool post = request.method == "POST";
    switch (endpoint) {
      case Endpoint::metadata:
        if (get) co_return answer_metadata(context);
        break;
      case Endpoint::registration:
        if (post) co_return co_await answer_registration(context, request);
        break;
      case Endpoint::authorize:
        if (get) co_return co_await authorize.show(request);
        if (post) co_return co_await authorize.decide(request);
        break;
      case Endpoint::device_authorization:
        if (post) co_return co_await device.begin(request);
        break;
      case Endpoint::device:
        if (get) co_return device.show(request);
        if (post) co_return device.decide(request);
        break;
      case Endpoint::token:
        if (post) co_return co_await token.answer(request);
        break;
      case Endpoint::revocation:
        if (post) co_return co_await answer_revocation(context, clients, request);
        break;
    }
    co_return http::Response{405, {{"Content-Type", "text/plain"}}, "method not allowed\n"};
  }

  Context context;
  std::string prefix;
  ClientDirectory clients;
  PendingDevices devices;
  AuthorizeEndpoint authorize;
  DeviceEndpoint device;
  TokenEndpoint token;
};

AuthorizationServer::AuthorizationServer(Settings settings, Store& store, http::Client* client,
                                         const Clock& clock, Logger& logger)
    : state_(std::make_unique<State>(std::move(settings), store, client, clock, logger)) {}

AuthorizationServer::~AuthorizationServer() = default;

std::optional<Endpoint> AuthorizationServer::find_endpoint(std::string_view target) const {
  const std::string_view path = path_of(target);
  const std::string& prefix = state_->prefix;
  constexpr std::string_view kWellKnown = "/.well-known/oauth-authorization-server";
  if (path.starts_with(kWellKnown) && path.substr(kWellKnown.size()) == prefix) {
    return Endpoint::metadata;
  }
  if (!path.starts_with(prefix)) return std::nullopt;
  const std::string_view rest = path.substr(prefix.size());
  if (rest == "/authorize") return Endpoint::authorize;
  if (rest == "/token") return Endpoint::token;
  if (state_->context.settings.device_logins == DeviceLogins::on) {
    if (rest == "/device_authorization") return Endpoint::device_authorization;
    if (rest == "/device") return Endpoint::device;
  }
  if (rest == "/register") return Endpoint::registration;
  if (rest == "/revoke") return Endpoint::revocation;
  return std::nullopt;
}

Task<> AuthorizationServer::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const auto endpoint = find_endpoint(request.target);
  if (!endpoint) {
    http::Response missing{404, {{"Content-Type", "text/plain"}}, "not found\n"};
    co_return co_await exchange.respond(std::move(missing));
  }
  http::Response response = co_await state_->answer(*endpoint, request);
  co_await exchange.respond(std::move(response));
}

Task<Result<std::optional<ValidToken>>> AuthorizationServer::check_token(
    std::string_view access_token, std::string resource) {
  const auto found = co_await state_->context.store.find_token(hash_of(access_token));
  if (!found) co_return std::unexpected(found.error());
  const bool good = *found && (*found)->kind == TokenKind::access &&
                    (*found)->expires > state_->context.clock.now() &&
                    (*found)->permission.resource == resource;
  if (!good) co_return std::optional<ValidToken>();
  co_return std::optional<ValidToken>(ValidToken{(*found)->permission, (*found)->expires});
}

const Counters& AuthorizationServer::counters() const {
  return state_->context.counters;
}

const Settings& AuthorizationServer::settings() const {
  return state_->context.settings;
}

void AuthorizationServer::set_access_token_life(std::chrono::seconds life) {
  state_->context.settings.access_token_life = life;
}

}  // namespace gatehouse::oauth_server
