// The oauth block of an entry: what a person gives; everything else is discovered.
#include <fmt/format.h>

#include "base/encoding.hpp"
#include "config/mcp_entry_json.hpp"
#include "http/url.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::config {
namespace {

constexpr std::size_t kPathBytes = 200;  // of a redirect

struct TextField {
  std::string_view name;
  std::string vault::OAuthSettings::* into;
  enum class Kind { plain, url } kind = TextField::Kind::plain;
};
constexpr TextField kTexts[] = {
    {"clientId", &vault::OAuthSettings::client_id},
    {"CLIENT_ID", &vault::OAuthSettings::client_id},
    {"issuer", &vault::OAuthSettings::issuer, TextField::Kind::url},
    {"redirectUri", &vault::OAuthSettings::redirect_uri, TextField::Kind::url},
    {"authMethod", &vault::OAuthSettings::auth_method},
    {"signingAlgorithm", &vault::OAuthSettings::signing_algorithm},
    {"keyId", &vault::OAuthSettings::key_id},
    {"identityProvider", &vault::OAuthSettings::identity_provider},
};

}  // namespace

const std::array<EntryReader::Known, 19> EntryReader::kOAuthKnown{{
    {"clientId", &EntryReader::read_oauth_text},
    {"CLIENT_ID", &EntryReader::read_oauth_text},  // Cursor
    {"clientSecret", &EntryReader::read_oauth_secret},
    {"CLIENT_SECRET", &EntryReader::read_oauth_secret},
    {"privateKey", &EntryReader::read_oauth_secret},
    {"issuer", &EntryReader::read_oauth_text},
    {"scopes", &EntryReader::read_scopes},
    {"scope", &EntryReader::read_scopes},
    {"redirectUri", &EntryReader::read_oauth_text},
    {"redirectPort", &EntryReader::read_port},
    {"redirectPath", &EntryReader::read_redirect_path},
    {"callbackPort", &EntryReader::read_port},  // Claude Code
    {"grant", &EntryReader::read_grant},
    {"authMethod", &EntryReader::read_oauth_text},
    {"signingAlgorithm", &EntryReader::read_oauth_text},
    {"keyId", &EntryReader::read_oauth_text},
    {"assertion", &EntryReader::read_assertion},
    {"identityProvider", &EntryReader::read_oauth_text},
    {"dpop", &EntryReader::read_dpop},
}};

std::vector<std::string_view> EntryReader::fields() {
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  for (const Known& known : kOAuthKnown) names.push_back(known.name);
  return names;
}

std::vector<std::string_view> known_fields() {
  return EntryReader::fields();
}

void EntryReader::read_oauth(std::string_view name, const View& value) {
  if (value.as_bool() == true) {
    has_oauth_ = true;
    return;
  }
  if (!value.is_object()) return refuse(fmt::format("{} is not an object", name));
  has_oauth_ = true;
  read_known(kOAuthKnown, value, fmt::format("{}.", name));
  const vault::OAuthSettings& oauth = entry_.connection.oauth;
  const bool secret = !oauth.client_secret.empty() || !oauth.client_secret_reference.empty();
  if (secret && oauth.client_id.empty())
    refuse(fmt::format("{0}.clientSecret needs {0}.clientId", name));
}

void EntryReader::read_oauth_text(std::string_view name, const View& value) {
  const auto found = std::ranges::find(kTexts, name, &TextField::name);
  std::optional<std::string> given = plain_text(fmt::format("oauth.{}", name), value);
  if (!given) return;
  if (given->empty()) return refuse(fmt::format("oauth.{} is empty", name), "leave it out");
  if (found->kind == TextField::Kind::url && !http::Url::parse(*given))
    return refuse(fmt::format("oauth.{} is no http or https URL", name));
  entry_.connection.oauth.*(found->into) = std::move(*given);
}

void EntryReader::read_oauth_secret(std::string_view name, const View& value) {
  const std::string what = fmt::format("oauth.{}", name);
  const std::optional<Template> given = text(what, value);
  if (!given) return;
  if (given->pieces.empty()) return refuse(what + " is empty", "leave it out");
  vault::OAuthSettings& oauth = entry_.connection.oauth;
  const bool is_key = name == "privateKey";
  if (!given->is_literal()) {
    (is_key ? oauth.private_key_reference : oauth.client_secret_reference) = to_text(*given);
    return;
  }
  (is_key ? oauth.private_key : oauth.client_secret) = Secret(given->literal());
  warn(
      fmt::format("{} stands in the file as it is; keep it elsewhere: \"${{env:NAME}}\", "
                  "\"${{file:PATH}}\" or \"${{keyring:NAME}}\"",
                  what));
}

void EntryReader::read_scopes(std::string_view name, const View& value) {
  std::vector<std::string> scopes;
  if (const std::optional<std::string> line = value.as_string()) {
    for (std::size_t at = 0; at < line->size();) {
      const std::size_t end = std::min(line->find(' ', at), line->size());
      if (end > at) scopes.push_back(line->substr(at, end - at));
      at = end + 1;
    }
  } else {
    scopes = texts(fmt::format("oauth.{}", name), value);
  }
  for (const std::string& scope : scopes) {
    const bool good =
        !scope.empty() && scope.size() <= 256 && std::ranges::all_of(scope, [](unsigned char c) {
          return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
        });  // RFC 6749 §3.3
    if (!good) return refuse(fmt::format("oauth.{} holds what is no scope", name));
  }
  entry_.connection.oauth.scopes = std::move(scopes);
}

void EntryReader::read_port(std::string_view name, const View& value) {
  const std::optional<std::int64_t> port = value.as_int();
  if (!port || *port < 1 || *port > 65535)
    return refuse(fmt::format("oauth.{} is no port from 1 to 65535", name));
  entry_.connection.oauth.redirect_port = static_cast<std::uint16_t>(*port);
}

void EntryReader::read_redirect_path(std::string_view name, const View& value) {
  std::optional<std::string> path = plain_text(fmt::format("oauth.{}", name), value);
  if (!path) return;
  const bool plain =
      path->starts_with("/") && path->size() <= kPathBytes &&
      std::ranges::all_of(*path, [](char c) {
        return c > 0x20 && c < 0x7f && std::string_view("?#\"<>").find(c) == std::string::npos;
      });
  if (!plain) {
    return refuse(
        fmt::format("oauth.{} is no path such as /callback, without query and fragment", name));
  }
  entry_.connection.oauth.redirect_path = std::move(*path);
}

void EntryReader::read_grant(std::string_view, const View& value) {
  const auto grant = vault::value_in(vault::kGrantNames, value.as_string().value_or(""));
  if (!grant) {
    return refuse(
        "oauth.grant is none of authorization_code, client_credentials, jwt_bearer and "
        "identity_assertion");
  }
  entry_.connection.oauth.grant = *grant;
}

void EntryReader::read_dpop(std::string_view, const View& value) {
  const auto dpop = vault::value_in(vault::kDpopNames, value.as_string().value_or(""));
  if (!dpop) return refuse("oauth.dpop is none of automatic, required and never");
  entry_.connection.oauth.dpop = *dpop;
}

void EntryReader::read_assertion(std::string_view name, const View& value) {
  const std::string what = fmt::format("oauth.{}", name);
  const std::optional<Template> given = text(what, value);
  if (!given) return;
  if (given->is_literal()) {
    return refuse(what + " must say where the token is read each time",
                  "\"${file:PATH}\" or \"${command:PROGRAM}\"");
  }
  entry_.connection.oauth.assertion_reference = to_text(*given);
}

}  // namespace gatehouse::config
