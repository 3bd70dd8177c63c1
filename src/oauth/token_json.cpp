#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "oauth/json_fields.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::string_view kWho = "the token endpoint";

// For display only: nothing is decided by it, so the signature is not needed.
std::string subject_of(std::string_view id_token) {
  const std::size_t first = id_token.find('.');
  if (first == std::string_view::npos) return {};
  const std::size_t second = id_token.find('.', first + 1);
  const auto claims =
      base64url_decode(id_token.substr(first + 1, std::min(second, id_token.size()) - first - 1));
  if (!claims) return {};
  const auto document = parse_object(*claims, "the ID token");
  if (!document) return {};
  for (const std::string_view name : {"email", "preferred_username", "name", "sub"}) {
    if (std::string value = string_member(*document, name); !value.empty()) return value;
  }
  return {};
}

bool needs_other_proof(std::string_view token_type, Proof proof) {
  const std::string type = ascii_lower(token_type);
  return (type == "dpop" && proof == Proof::none) || type == "mac" || type == "pop";
}

Result<TokenResponse> read_tokens(const boost::json::object& document, Proof proof) {
  TokenResponse response{
      .access_token = Secret(string_member(document, "access_token")),
      .refresh_token = Secret(string_member(document, "refresh_token")),
      .token_type = string_member(document, "token_type"),
      .id_token = Secret(string_member(document, "id_token")),
      .id_token_subject = subject_of(string_member(document, "id_token")),
  };
  if (response.access_token.empty())
    return fail(Errc::protocol, "the token endpoint answered without an access token");
  // Slack says "user", others nothing at all: anything that needs no proof is used as a bearer
  // token.
  if (needs_other_proof(response.token_type, proof)) {
    return fail(Errc::unsupported, "the authorization server issued a token of type " +
                                       quote_remote(response.token_type, 40) +
                                       ", which needs a proof of possession");
  }
  if (!http::is_field_value("Bearer " + std::string(response.access_token.reveal())))
    return fail(Errc::protocol, "the access token has characters that no header can carry");
  const auto life = count_member(document, "expires_in", kLongestTokenLife.count());
  if (life && *life > 0) response.expires_in = std::chrono::seconds(*life);
  if (document.contains("scope")) {
    if (const auto list = strings_member(document, "scope")) {
      std::string scope;
      for (const std::string& item : *list) scope += (scope.empty() ? "" : " ") + item;
      response.scope = std::move(scope);
    } else {
      response.scope = string_member(document, "scope");
    }
  }
  return response;
}

boost::json::object from_form(std::string_view body) {
  boost::json::object document;
  const auto fields = form_decode(body);
  if (!fields) return document;
  for (const auto& [name, value] : *fields)
    if (is_utf8(name) && is_utf8(value)) document[name] = value;
  return document;
}

// GitHub and a few others answer in form encoding whatever we accept.
Result<boost::json::object> read_document(std::string_view body) {
  auto document = parse_object(body, "the answer of the token endpoint");
  if (document || body.starts_with('{')) return document;
  boost::json::object form = from_form(body);
  if (form.contains("access_token") || form.contains("error")) return form;
  return document;
}

/// The object with the tokens: some wrap them, as Slack does for a person's ("authed_user").
const boost::json::object& tokens_in(const boost::json::object& document) {
  if (document.contains("access_token")) return document;
  for (const auto& [name, value] : document) {
    if (value.is_object() && value.get_object().contains("access_token")) return value.get_object();
  }
  return document;
}

std::optional<OAuthError> error_of(const boost::json::object& document) {
  OAuthError error{.error = string_member(document, "error"),
                   .error_description = string_member(document, "error_description"),
                   .error_uri = string_member(document, "error_uri")};
  if (error.error.empty()) {
    // Slack: {"ok": false}; some wrap: {"error": {"code": …, "message": …}}.
    const auto* ok = document.if_contains("ok");
    const bool refused = ok != nullptr && ok->is_bool() && !ok->get_bool();
    const auto* wrapped = document.if_contains("error");
    if (wrapped != nullptr && wrapped->is_object()) {
      error.error = string_member(wrapped->get_object(), "code");
      if (error.error.empty()) error.error = string_member(wrapped->get_object(), "type");
      error.error_description = string_member(wrapped->get_object(), "message");
      if (error.error.empty()) error.error = "error";
      return error;
    }
    if (!refused) return std::nullopt;
    error.error = "error";
  }
  return error;
}

}  // namespace

std::optional<OAuthError> parse_error_document(std::string_view body) {
  const auto document = read_document(body);
  if (!document) return std::nullopt;
  return error_of(*document);
}

std::string_view token_scheme(const TokenResponse& response) {
  return ascii_iequal(response.token_type, "DPoP") ? "DPoP" : "Bearer";
}

Result<TokenResponse> parse_token_response(int status, std::string_view body, Proof proof) {
  if (status < 200 || status > 299) return std::unexpected(describe_failure(status, body, kWho));
  const auto document = read_document(body);
  if (!document) return fail(Errc::protocol, document.error().detail);
  if (const auto error = error_of(*document)) return std::unexpected(oauth_error(*error, kWho));
  return read_tokens(tokens_in(*document), proof);
}

}  // namespace gatehouse::oauth
