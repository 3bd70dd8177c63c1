#include "oauth_client/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "oauth/authorization.hpp"
#include "oauth/challenge.hpp"
#include "oauth/dpop.hpp"
#include "oauth_client/server_probe.hpp"

namespace gatehouse::oauth_client {
namespace {

using http::Purpose;

Task<Result<http::Reply>> get(Search& search, std::string url, Purpose purpose) {
  http::Request request;
  request.target = url;
  request.headers.add("Accept", "application/json");
  Result<http::Reply> reply =
      co_await ask(search, std::move(request), purpose, http::Redirects::follow);
  if (reply && (reply->status >= 500 || reply->status == 429) && !search.doubt) {
    search.doubt = Error{reply->status == 429 ? Errc::rate_limited : Errc::server_error,
                         fmt::format("{} answered HTTP {}", url, reply->status), "try again later"};
  }
  co_return reply;
}

/// True when `url` gave metadata of this server; a document of another resource is a problem.
Task<bool> take_resource_metadata(Search& search, std::string url) {
  const auto reply = co_await get(search, url, Purpose::connection);
  if (!reply) co_return false;
  if (reply->status != 200) {
    note(search, url, reply->status, "no protected resource metadata here");
    co_return false;
  }
  auto metadata = oauth::parse_protected_resource_metadata(reply->body);
  if (!metadata) {
    note(search, url, reply->status, metadata.error().detail);
    co_return false;
  }
  // before anything is asked of the servers it names.
  if (const auto checked = oauth::check_resource(metadata->resource, search.server); !checked) {
    note(search, url, reply->status, checked.error().detail);
    set_problem(search, checked.error());
    co_return false;
  }
  note(search, url, reply->status,
       fmt::format("protected resource metadata for {}, naming {} authorization server(s)",
                   quote_remote(metadata->resource), metadata->authorization_servers.size()));
  search.found.resource = metadata->resource;
  search.found.resource_metadata = std::move(*metadata);
  co_return true;
}

Task<> find_resource_metadata(Search& search) {
  search.found.challenged_for_dpop = oauth::challenges_for_dpop(search.challenges);
  std::vector<std::string> urls;
  bool named = false;
  if (const auto bearer = oauth::find_bearer(search.challenges)) {
    search.found.challenge_scope = bearer->scope;
    named = !bearer->resource_metadata.empty();
    if (named) urls.push_back(bearer->resource_metadata);
  }
  for (std::string& url : oauth::protected_resource_metadata_urls(search.server))
    if (std::ranges::find(urls, url) == urls.end()) urls.push_back(std::move(url));
  for (const std::string& url : urls) {
    if (co_await take_resource_metadata(search, url)) co_return;
    if (search.found.problem) co_return;
  }
  // A server that names its metadata has some: an outage does not make it one of 2025-03-26, whose
  // origin would be asked to sign people in.
  if (named && search.doubt) set_problem(search, *search.doubt);
}

/// The metadata of one issuer from the first place that has it. Nothing: none of them has.
Task<std::optional<oauth::AuthorizationServerMetadata>> find_server_metadata(Search& search,
                                                                             std::string issuer,
                                                                             bool derived) {
  const auto urls = oauth::authorization_server_metadata_urls(issuer);
  if (!urls) {
    set_problem(search, {Errc::protocol, urls.error().detail, {}});
    co_return std::nullopt;
  }
  for (const std::string& url : *urls) {
    const auto reply = co_await get(search, url, Purpose::authorization_server);
    if (!reply && search.found.problem) co_return std::nullopt;
    if (!reply) continue;
    if (reply->status != 200) {
      note(search, url, reply->status, "no authorization server metadata here");
      continue;
    }
    auto metadata = oauth::parse_authorization_server_metadata(reply->body);
    if (!metadata) {
      note(search, url, reply->status, metadata.error().detail);
      continue;
    }
    // An issuer that we derived from the origin ourselves has no spelling to insist on.
    const bool spelled = derived && metadata->issuer == issuer + "/";
    if (const auto checked = oauth::check_issuer(*metadata, issuer); !checked && !spelled) {
      note(search, url, reply->status, checked.error().detail);
      set_problem(search, checked.error());
      co_return std::nullopt;
    }
    note(search, url, reply->status, "authorization server metadata of " + quote_remote(issuer));
    co_return std::move(*metadata);
  }
  co_return std::nullopt;
}

/// Usable in some way: a browser login wants PKCE, a code on another device and the grants without
/// a person do not. What a login needs is checked again when it begins.
Result<void> check_server(const oauth::AuthorizationServerMetadata& server,
                          const DiscoveryRequest& request) {
  if (const auto url = oauth::check_endpoint(server.token_endpoint, "the token endpoint"); !url)
    return url;
  const bool person = request.grant == vault::Grant::authorization_code;
  // An identity provider is chosen by hand, and some (Entra) take PKCE without saying so.
  const bool provider = request.role == vault::Role::identity_provider;
  if (!person || provider || !server.device_authorization_endpoint.empty()) return {};
  return check_browser_login(server);
}

/// Which issuer to use; empty when the person must choose or a problem was set.
std::string choose_issuer(Search& search) {
  const std::vector<std::string>& issuers = search.found.issuers;
  const std::string& wanted = search.request.issuer;
  if (wanted.empty()) return issuers.size() == 1 ? issuers.front() : std::string();
  if (std::ranges::find(issuers, wanted) != issuers.end()) return wanted;
  std::string named;
  for (const std::string& issuer : issuers)
    named += (named.empty() ? "" : ", ") + quote_remote(issuer);
  set_problem(search,
              {Errc::policy,
               "the server no longer names the chosen authorization server " +
                   quote_remote(wanted) + "; it names " + named,
               "if you trust the new one: gatehouse login " +
                   (search.request.connection.empty() ? "NAME" : search.request.connection) +
                   " --issuer URL"});
  return {};
}

bool is_web_url(const std::string& text) {
  return http::Url::parse(text).has_value();
}

Task<> use_resource_metadata(Search& search) {
  const auto& named = search.found.resource_metadata->authorization_servers;
  // What is no URL can be no issuer (RFC 8414 §2), so nobody is asked to choose it; alone it is the
  // error that it was.
  const bool any_url = std::ranges::any_of(named, is_web_url);
  for (const std::string& issuer : named) {
    if (any_url && !is_web_url(issuer)) continue;
    if (search.found.issuers.size() >= limits::kAuthorizationServers) break;
    if (std::ranges::find(search.found.issuers, issuer) == search.found.issuers.end())
      search.found.issuers.push_back(issuer);
  }
  // RFC 9728 lets the list be absent; then the server itself is the only candidate there is.
  if (search.found.issuers.empty()) search.found.issuers.push_back(search.server.origin());
  const std::string issuer = choose_issuer(search);
  if (issuer.empty()) co_return;
  auto server = co_await find_server_metadata(search, issuer, named.empty());
  if (!server) {
    if (search.doubt) set_problem(search, *search.doubt);
    set_problem(search, {Errc::unsupported,
                         "the authorization server " + quote_remote(issuer) +
                             " publishes no metadata (RFC 8414, OpenID Connect Discovery)",
                         "ask the server's operator"});
    co_return;
  }
  if (const auto checked = check_server(*server, search.request); !checked) {
    set_problem(search, checked.error());
    co_return;
  }
  search.found.server = std::move(*server);
}

/// 2025-03-26: no protected resource metadata; the origin is the authorization server (O-9).
Task<> use_origin(Search& search) {
  // A server that lists its tools to strangers, or is none at all, is not asked further.
  if (!search.challenged) co_return;
  // The origin is what there is anyway, whether or not an earlier login was made there.
  const bool is_origin = search.request.issuer == search.server.origin();
  const std::string wanted = is_origin ? std::string() : search.request.issuer;
  // What could not be asked may well be published: the resource to name is not guessed on that.
  const bool unasked = search.doubt && search.doubt->code != Errc::server_error &&
                       search.doubt->code != Errc::rate_limited;
  if (!wanted.empty() && unasked) {
    set_problem(search, *search.doubt);
    co_return;
  }
  const std::string issuer = wanted.empty() ? search.server.origin() : wanted;
  auto server = co_await find_server_metadata(search, issuer, wanted.empty());
  search.found.resource = search.server.text();
  if (server) {
    search.found.issuers = {server->issuer};
    if (const auto checked = check_server(*server, search.request); !checked) {
      set_problem(search, checked.error());
    } else {
      search.found.server = std::move(*server);
    }
    co_return;
  }
  if (search.doubt) set_problem(search, *search.doubt);
  if (search.found.problem) co_return;
  if (!search.challenges.empty() && !oauth::find_bearer(search.challenges)) co_return;
  if (!wanted.empty()) {
    set_problem(search,
                {Errc::unsupported,
                 "the authorization server " + quote_remote(wanted) + " publishes no metadata",
                 "check the issuer given for this connection"});
    co_return;
  }
  search.found.server = oauth::default_endpoints(search.server);
  search.found.guessed_endpoints = true;
}

/// The issuer of an OpenID provider is given by hand: nothing else leads to it.
Task<> use_identity_provider(Search& search) {
  const std::string& issuer = search.request.server_url;
  search.found.issuers = {issuer};
  auto server = co_await find_server_metadata(search, issuer, false);
  if (!server) {
    if (search.doubt) set_problem(search, *search.doubt);
    set_problem(search, {Errc::unsupported,
                         "the identity provider " + quote_remote(issuer) +
                             " publishes no metadata (OpenID Connect Discovery)",
                         "give its issuer exactly as it is written in its own documents"});
    co_return;
  }
  if (const auto checked = check_server(*server, search.request); !checked) {
    set_problem(search, checked.error());
    co_return;
  }
  if (server->jwks_uri.empty()) {
    set_problem(search,
                {Errc::unsupported,
                 "the identity provider " + quote_remote(issuer) +
                     " publishes no keys (jwks_uri), so that its ID tokens cannot be checked",
                 "ask its operator"});
    co_return;
  }
  search.found.server = std::move(*server);
}

void conclude(Search& search) {
  Discovery& found = search.found;
  if (found.resource_metadata || (found.server && !found.guessed_endpoints) ||
      !found.issuers.empty()) {
    found.finding = Finding::oauth;
    found.summary = found.problem ? "uses OAuth, but: " + found.problem->detail
                    : found.server
                        ? "uses OAuth; sign-in is at " + quote_remote(found.server->issuer)
                        : fmt::format(
                              "uses OAuth and names {} authorization servers: one must be "
                              "chosen",
                              found.issuers.size());
    return;
  }
  if (found.problem) {
    found.summary = "not decided: " + found.problem->detail;
    return;
  }
  const bool bearer = oauth::find_bearer(search.challenges).has_value();
  if (search.challenged && !search.challenges.empty() && !bearer) {
    found.finding = Finding::headers;
    found.summary = "asks for credentials by the scheme " +
                    quote_remote(search.challenges.front().scheme, 40) +
                    " and publishes no OAuth metadata: it needs an API key or another header";
    return;
  }
  if (search.challenged) {
    found.summary =
        "refuses strangers but publishes no OAuth metadata: it needs an API key, or follows "
        "2025-03-26 without metadata; a refusal alone proves neither";
    return;
  }
  if (search.open) {
    found.finding = Finding::none;
    found.summary = search.old_stream
                        ? "opens its event stream (HTTP+SSE of 2024-11-05) to everybody and "
                          "publishes no OAuth metadata"
                        : "lists its tools to everybody and publishes no OAuth metadata";
    return;
  }
  found.summary = "does not answer as an MCP server does; nothing can be said about sign-in";
}

}  // namespace

std::string_view to_string(Finding finding) {
  switch (finding) {
    case Finding::oauth:
      return "oauth";
    case Finding::headers:
      return "headers";
    case Finding::none:
      return "none";
    case Finding::unknown:
      return "unknown";
  }
  return "unknown";
}

DiscoveryRequest discovery_request(const vault::Connection& connection, std::string issuer) {
  return {.server_url = connection.url,
          .issuer = issuer.empty() ? connection.oauth.issuer : issuer,
          .allowances = connection.allowances,
          .role = connection.role,
          .grant = connection.oauth.grant,
          .connection = connection.name};
}

Task<Result<Discovery>> discover(DiscoveryRequest request, http::Client& client) {
  auto server = http::Url::parse(request.server_url, "the server URL");
  if (!server) co_return std::unexpected(server.error());
  Search search{.request = std::move(request), .server = std::move(*server), .client = client};
  if (search.request.role == vault::Role::identity_provider) {
    co_await use_identity_provider(search);
    conclude(search);
    co_return std::move(search.found);
  }
  if (search.request.challenges) {
    search.challenged = true;
    search.challenges =
        oauth::parse_challenges(std::span<const std::string>(*search.request.challenges));
  } else {
    co_await probe_server(search);
  }
  if (!search.found.problem) {
    co_await find_resource_metadata(search);
    if (search.found.resource_metadata) {
      co_await use_resource_metadata(search);
    } else if (!search.found.problem) {
      co_await use_origin(search);
    }
  }
  conclude(search);
  co_return std::move(search.found);
}

Result<void> check_browser_login(const oauth::AuthorizationServerMetadata& server) {
  if (const auto pkce = oauth::check_pkce(server); !pkce) return pkce;
  return oauth::check_endpoint(server.authorization_endpoint, "the authorization endpoint");
}

Result<oauth::AuthorizationServerMetadata> require_server(const Discovery& discovery) {
  if (discovery.problem) return std::unexpected(*discovery.problem);
  if (discovery.server) return *discovery.server;
  if (discovery.issuers.size() > 1) {
    std::string named;
    for (const std::string& issuer : discovery.issuers)
      named += (named.empty() ? "" : ", ") + quote_remote(issuer);
    return fail(Errc::invalid_argument, "the server names several authorization servers: " + named,
                "choose one as issuer");
  }
  return fail(Errc::unsupported, "this server does not use OAuth: it " + discovery.summary);
}

}  // namespace gatehouse::oauth_client
