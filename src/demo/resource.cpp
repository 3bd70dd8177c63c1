#include "demo/resource.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "oauth/scope.hpp"

namespace gatehouse::demo {
namespace {

using Decision = std::variant<std::shared_ptr<const mcp_server::Caller>, http::Response>;

http::Response forbidden(std::string_view what) {
  return {403, {{"Content-Type", "text/plain"}}, fmt::format("this {} is not served here\n", what)};
}

/// Nothing when host and origin are ours.
std::optional<http::Response> refuse_stranger(const OwnHosts& hosts, const http::Headers& headers) {
  if (!hosts.has_host(headers)) return forbidden("Host");
  if (!hosts.has_origin(headers)) return forbidden("Origin");
  return std::nullopt;
}

void append_strings(std::string& out, std::string_view name,
                    const std::vector<std::string>& values) {
  out.append(",\"").append(name).append("\":[");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += ',';
    jsonrpc::append_quoted(out, values[i]);
  }
  out += ']';
}

std::string_view bearer_of(const http::Headers& headers) {
  const auto header = headers.find("Authorization");
  if (!header || header->size() < 8 || !ascii_iequal(header->substr(0, 7), "Bearer ")) return {};
  return trim_ows(header->substr(7));
}

}  // namespace

OwnHosts::OwnHosts(std::uint16_t port) {
  for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    authorities_.push_back(fmt::format("{}:{}", host, port));
    if (port == 80) authorities_.emplace_back(host);
  }
}

bool OwnHosts::has_host(const http::Headers& headers) const {
  const auto host = headers.find("Host");
  return host && headers.count("Host") == 1 &&
         std::ranges::find(authorities_, ascii_lower(*host)) != authorities_.end();
}

bool OwnHosts::has_origin(const http::Headers& headers) const {
  const auto origin = headers.find("Origin");
  if (!origin) return true;
  return std::ranges::any_of(
      authorities_, [&](const std::string& authority) { return *origin == "http://" + authority; });
}

std::string make_resource_metadata(const Resource& resource, std::string_view issuer) {
  std::string out = "{\"resource\":" + jsonrpc::quote(resource.url);
  append_strings(out, "authorization_servers", {std::string(issuer)});
  append_strings(out, "scopes_supported", resource.scopes);
  append_strings(out, "bearer_methods_supported", {"header"});
  return out + ",\"resource_name\":" + jsonrpc::quote(resource.name) + "}";
}

http::Response ResourceAuthenticator::challenge(std::string_view error) const {
  std::string value = fmt::format("Bearer resource_metadata=\"{}\", scope=\"{}\"",
                                  resource_.metadata_url, oauth::join_scope(resource_.scopes));
  if (!error.empty()) {
    value += fmt::format(", error=\"{}\", error_description=\"sign in again or refresh\"", error);
  }
  return {
      401,
      {{"WWW-Authenticate", value}, {"Content-Type", "text/plain"}, {"Cache-Control", "no-store"}},
      "sign in first\n"};
}

Task<Decision> ResourceAuthenticator::authenticate(const http::Exchange& exchange) {
  const http::Headers& headers = exchange.request().headers;
  if (auto refused = refuse_stranger(hosts_, headers)) co_return std::move(*refused);
  const std::string_view token = bearer_of(headers);
  const bool calls = exchange.request().body.find("\"tools/call\"") != std::string::npos;
  if (token.empty() && strangers_ == Strangers::may_look && !calls) {
    auto stranger = std::make_shared<DemoCaller>();
    stranger->identity = "anonymous";
    co_return std::shared_ptr<const mcp_server::Caller>(std::move(stranger));
  }
  if (token.empty()) co_return challenge({});
  const auto checked = co_await server_.check_token(token, resource_.url);
  if (!checked) co_return http::Response{503, {{"Content-Type", "text/plain"}}, "try again\n"};
  if (!*checked) co_return challenge("invalid_token");
  const oauth_server::Permission& permission = (*checked)->permission;
  auto caller = std::make_shared<DemoCaller>();
  caller->identity = permission.subject + "\n" + permission.client_id;
  caller->user_id = permission.subject;
  for (const oauth_server::User& user : server_.settings().users) {
    if (user.id == permission.subject) caller->user_name = user.name;
  }
  caller->client_id = permission.client_id;
  caller->scopes = oauth::split_scope(permission.scope);
  caller->metadata_url = resource_.metadata_url;
  co_return std::shared_ptr<const mcp_server::Caller>(std::move(caller));
}

OpenAuthenticator::OpenAuthenticator(const OwnHosts& hosts) : hosts_(hosts) {
  auto caller = std::make_shared<DemoCaller>();
  caller->identity = "anonymous";
  anonymous_ = std::move(caller);
}

Task<Decision> OpenAuthenticator::authenticate(const http::Exchange& exchange) {
  if (auto refused = refuse_stranger(hosts_, exchange.request().headers)) {
    co_return std::move(*refused);
  }
  co_return anonymous_;
}

}  // namespace gatehouse::demo
