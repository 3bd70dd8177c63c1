// Reading what a client says about itself, registered (RFC 7591 §2) or as a document.
#include <algorithm>

#include "jsonrpc/json.hpp"
#include "oauth_server/client_directory.hpp"
#include "oauth_server/redirect_uri.hpp"

namespace gatehouse::oauth_server {
namespace {

using jsonrpc::JsonView;

constexpr std::size_t kRedirectUris = 10;
constexpr std::size_t kNameBytes = 200;

/// The strings of an array member; absent is empty. Nothing when it is something else.
std::optional<std::vector<std::string>> strings(const JsonView& object, std::string_view name) {
  std::vector<std::string> out;
  const auto member = object.find(name);
  if (!member) return out;
  if (!member->is_array()) return std::nullopt;
  for (const JsonView& element : member->elements()) {
    auto text = element.as_string();
    if (!text) return std::nullopt;
    out.push_back(std::move(*text));
  }
  return out;
}

std::unexpected<Failure> bad(std::string description) {
  return refuse("invalid_client_metadata", std::move(description));
}

Outcome<std::vector<std::string>> read_redirect_uris(const JsonView& object) {
  auto uris = strings(object, "redirect_uris");
  if (!uris || uris->empty()) {
    return refuse("invalid_redirect_uri", "redirect_uris must list at least one URI");
  }
  if (uris->size() > kRedirectUris) return refuse("invalid_redirect_uri", "too many redirect URIs");
  for (const std::string& uri : *uris) {
    if (const auto checked = check_redirect_uri(uri); !checked) {
      return refuse("invalid_redirect_uri", checked.error().detail);
    }
  }
  return std::move(*uris);
}

}  // namespace

Outcome<Client> parse_client_metadata(std::string_view body) {
  const auto document = JsonView::parse(body, "the client metadata");
  if (!document || !document->is_object()) return bad("the body must be a JSON object");
  auto uris = read_redirect_uris(*document);
  if (!uris) return std::unexpected(uris.error());
  const auto grants = strings(*document, "grant_types");
  const auto responses = strings(*document, "response_types");
  if (!grants || !responses) return bad("grant_types and response_types must be arrays");
  const auto has = [](const std::vector<std::string>& list, std::string_view what) {
    return std::ranges::find(list, what) != list.end();
  };
  if (!grants->empty() && !has(*grants, "authorization_code")) {
    return bad("only the authorization_code grant (and refresh_token) is supported");
  }
  if (!responses->empty() && !has(*responses, "code")) return bad("response_types must have code");
  const std::string method =
      document->string("token_endpoint_auth_method").value_or("client_secret_basic");
  const auto parsed = oauth::parse_auth_method(method);
  if (!parsed || *parsed == oauth::ClientAuthMethod::private_key_jwt)
    return bad("token_endpoint_auth_method is not supported");
  Client client;
  client.name = document->string("client_name").value_or("").substr(0, kNameBytes);
  client.redirect_uris = std::move(*uris);
  client.auth_method = *parsed;
  client.may_refresh = has(*grants, "refresh_token");
  return client;
}

Outcome<Client> parse_client_document(std::string_view body, std::string_view url) {
  const auto document = JsonView::parse(body, "the client ID metadata document");
  if (!document || !document->is_object()) {
    return refuse("invalid_client", "the client ID metadata document is no JSON object", 401);
  }
  if (document->string("client_id") != url) {
    return refuse("invalid_client", "the document's client_id is not its own URL", 401);
  }
  if (document->find("client_secret")) {
    return refuse("invalid_client", "a client ID metadata document has no secret", 401);
  }
  // Without registration there is no secret to share, so absent means none.
  if (document->string("token_endpoint_auth_method").value_or("none") != "none") {
    return refuse("invalid_client", "token_endpoint_auth_method must be none", 401);
  }
  auto client = parse_client_metadata(body);
  if (!client) return refuse("invalid_client", client.error().description, 401);
  client->id = url;
  client->auth_method = oauth::ClientAuthMethod::none;
  client->from_document = true;
  return client;
}

}  // namespace gatehouse::oauth_server
