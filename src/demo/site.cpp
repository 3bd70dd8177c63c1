#include "demo/site.hpp"

#include <algorithm>

#include "demo/control.hpp"
#include "demo/faulty_handler.hpp"
#include "demo/home_page.hpp"
#include "demo/tool_sets.hpp"

namespace gatehouse::demo {
namespace {

using mcp_server::EndpointSettings;
using mcp_server::Eras;
using Endpoint = oauth_server::AuthorizationServer::Endpoint;

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

DemoUrls make_urls(const std::string& origin, bool control) {
  return {origin, origin + "/notes/mcp", origin + "/issues/mcp", origin + "/tools/mcp",
          control ? origin + "/test-control" : std::string()};
}

std::string issuer_of(const std::string& origin, const QuirkSet& quirks) {
  return quirks.has(Quirk::issuer_slash) ? origin + "/" : origin;
}

/// For clients that cannot register: known beforehand, public, on any port of loopback.
Task<> add_known_client(oauth_server::Store& store, Logger& logger, SystemTime now) {
  const oauth_server::Client client{
      .id = "demo-client",
      .name = "A client the demo knows",
      .redirect_uris = {"http://127.0.0.1/callback", "http://localhost/callback"},
      .may_refresh = true,
      .created = now};
  const auto known = co_await store.find_client(client.id);
  if (known && *known) co_return;
  const auto added = co_await store.add_client(client);
  if (!added) logger.error("demo_client_not_added", {{"error", added.error().detail}});
}

oauth_server::Settings make_settings(const DemoUrls& urls, const DemoSettings& settings) {
  std::vector<std::string> resources{urls.notes, urls.issues};
  if (settings.quirks.has(Quirk::resource_origin)) resources.push_back(urls.base);
  return {
      .issuer = issuer_of(urls.base, settings.quirks),
      .name = "Gatehouse demo",
      .resources = std::move(resources),
      .scopes = {{"notes:read", "Read your notes"},
                 {"notes:write", "Write notes"},
                 {"notes:delete", "Delete notes for good"},
                 {"issues:read", "Read issues"},
                 {"issues:write", "Open, change and close issues"}},
      .default_scope = "notes:read notes:write issues:read issues:write",
      .users = {{"ada", "Ada"}, {"grace", "Grace"}},
      .device_logins = oauth_server::DeviceLogins::on,
      .machines = {{std::string(kMachineId), "A machine", oauth_server::hash_of(kMachineSecret)}},
      .access_token_life = settings.access_token_life,
      .rotate_refresh_tokens = !settings.quirks.has(Quirk::refresh_keeps_token)};
}

Resource make_resource(const std::string& origin, const std::string& path, std::string name,
                       std::vector<std::string> scopes, const QuirkSet& quirks) {
  return {quirks.has(Quirk::resource_origin) ? origin : origin + path, std::move(name),
          origin + std::string(kWellKnown) + path, std::move(scopes)};
}

mcp_server::ServerDescription description(std::string name, std::string title,
                                          std::string instructions) {
  return {std::move(name), std::move(title), "1.0.0", std::move(instructions)};
}

Strangers strangers_of(const QuirkSet& quirks) {
  return quirks.has(Quirk::late_challenge) ? Strangers::may_look : Strangers::refused;
}

EndpointSettings endpoint_settings(Eras eras) {
  EndpointSettings settings;
  settings.eras = eras;
  settings.cache_ttl = std::chrono::minutes(5);
  return settings;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

Step step_of(Endpoint endpoint, const std::string& method) {
  switch (endpoint) {
    case Endpoint::metadata:
      return Step::server_metadata;
    case Endpoint::registration:
      return Step::registration;
    case Endpoint::authorize:
      return method == "POST" ? Step::consent : Step::authorize;
    case Endpoint::device_authorization:
      return Step::device_authorization;
    case Endpoint::device:
      return method == "POST" ? Step::consent : Step::authorize;
    case Endpoint::token:
      return Step::token;
    case Endpoint::revocation:
      return Step::revocation;
  }
  return Step::token;
}

http::Response plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain"}}, std::move(text)};
}

http::Response json(int status, std::string body) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          std::move(body)};
}

}  // namespace

Site::Site(SiteParts parts, const std::string& origin, std::uint16_t port,
           const DemoSettings& settings)
    : executor_(parts.tasks.executor()),
      urls_(make_urls(origin, settings.test_control)),
      hosts_(port),
      authorization_server_(make_settings(urls_, settings), parts.store, parts.client, parts.clock,
                            parts.logger),
      notes_resource_(make_resource(origin, "/notes/mcp", "Notes", {"notes:read", "notes:write"},
                                    settings.quirks)),
      issues_resource_(make_resource(origin, "/issues/mcp", "Issues",
                                     {"issues:read", "issues:write"}, settings.quirks)),
      notes_metadata_(
          make_resource_metadata(notes_resource_, authorization_server_.settings().issuer)),
      issues_metadata_(
          make_resource_metadata(issues_resource_, authorization_server_.settings().issuer)),
      notes_service_(description("demo-notes", "Notes", "Your personal notes."), notes_tools(),
                     &notebooks_),
      issues_service_(description("demo-issues", "Issues", "The issue tracker of the demo team."),
                      issues_tools(), &tracker_),
      tools_service_(description("demo-tools", "Tools", "Small tools that need no account."),
                     common_tools(), nullptr),
      notes_authenticator_(notes_resource_, authorization_server_, hosts_,
                           strangers_of(settings.quirks)),
      issues_authenticator_(issues_resource_, authorization_server_, hosts_,
                            strangers_of(settings.quirks)),
      open_authenticator_(hosts_),
      notes_(notes_service_, notes_authenticator_, parts.tasks, parts.logger, parts.clock,
             endpoint_settings(Eras::modern_only)),
      issues_(issues_service_, issues_authenticator_, parts.tasks, parts.logger, parts.clock,
              endpoint_settings(Eras::legacy_only)),
      tools_(tools_service_, open_authenticator_, parts.tasks, parts.logger, parts.clock,
             endpoint_settings(Eras::both)),
      routes_{
          {"/notes/mcp", Step::mcp, &notes_},
          {"/issues/mcp", Step::mcp, &issues_},
          {"/tools/mcp", Step::mcp, &tools_},
          {std::string(kWellKnown) + "/notes/mcp", Step::resource_metadata, &notes_metadata_},
          {std::string(kWellKnown) + "/issues/mcp", Step::resource_metadata, &issues_metadata_}} {
  const QuirkSet& quirks = settings.quirks;
  if (quirks.has(Quirk::http_with_sse)) {
    old_issues_ = std::make_unique<OldTransport>(issues_service_, issues_authenticator_,
                                                 parts.tasks, parts.logger, "/issues/mcp");
    routes_[1].handler = old_issues_.get();
    routes_.push_back({"/issues/mcp/messages", Step::mcp, old_issues_.get()});
  }
  if (quirks.has(Quirk::registration_403) || quirks.has(Quirk::no_registration)) {
    parts.tasks.spawn("demo_client",
                      add_known_client(parts.store, parts.logger, parts.clock.now()));
  }
  if (!quirks.empty()) {
    front_ = std::make_unique<QuirkyFront>(quirks, origin, parts.clock, settings.access_token_life);
  }
}

const Site::Route* Site::find_route(std::string_view path) const {
  const auto found = std::ranges::find(routes_, path, &Route::path);
  return found == routes_.end() ? nullptr : &*found;
}

Task<> Site::handle(http::Exchange& exchange) {
  return front_ ? front_->handle(executor_, exchange, inside_) : serve(exchange);
}

Task<> Site::serve(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const std::string_view path = path_of(request.target);
  if (!hosts_.has_host(request.headers)) {
    co_return co_await exchange.respond(plain(403, "use " + urls_.base + "\n"));
  }
  if (const Route* route = find_route(path)) {
    co_return co_await handle_with_faults(executor_, faults_, route->step, *route->handler,
                                          exchange);
  }
  if (const auto endpoint = authorization_server_.find_endpoint(request.target)) {
    co_return co_await handle_with_faults(executor_, faults_, step_of(*endpoint, request.method),
                                          authorization_server_, exchange);
  }
  if (path == "/test-control" && !urls_.control.empty()) co_return co_await control(exchange);
  http::Response response =
      path == "/" && request.method == "GET" ? home_page(urls_) : plain(404, "not found\n");
  co_await exchange.respond(std::move(response));
}

Task<> Site::MetadataDocument::handle(http::Exchange& exchange) {
  http::Response response = json(200, body_);
  if (exchange.request().method != "GET") response = plain(405, "method not allowed\n");
  co_await exchange.respond(std::move(response));
}

Task<> Site::control(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  // A page in a browser has no business here.
  if (request.headers.contains("Origin")) {
    co_return co_await exchange.respond(plain(403, "not for browsers\n"));
  }
  if (request.method == "POST") {
    const auto asked = parse_control_request(request.body);
    if (!asked) co_return co_await exchange.respond(plain(400, asked.error().detail + "\n"));
    if (asked->clear) faults_.clear();
    if (asked->fault) faults_.add(*asked->fault);
    if (asked->access_token_life) {
      authorization_server_.set_access_token_life(*asked->access_token_life);
    }
  }
  co_await exchange.respond(json(200, describe_state(authorization_server_.counters(), faults_)));
}

}  // namespace gatehouse::demo
