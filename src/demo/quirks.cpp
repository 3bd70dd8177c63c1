#include "demo/quirks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gatehouse::demo {
namespace {

constexpr std::array<QuirkInfo, kQuirks> kTable{{
    {Quirk::token_errors_ok_false, "token-errors-ok-false", "Slack",
     "Errors of the token endpoint come with HTTP 200 as {\"ok\":false,\"error\":…}.",
     "takes them for the errors they are"},
    {Quirk::token_errors_200, "token-errors-200", "GitHub",
     "Errors of the token endpoint come with HTTP 200 as {\"error\":…}.",
     "takes them for the errors they are"},
    {Quirk::token_type_user, "token-type-user", "Slack", "token_type is \"user\".",
     "sends the token as a bearer token"},
    {Quirk::token_type_missing, "token-type-missing", "home-made servers",
     "Token answers have no token_type.", "sends the token as a bearer token"},
    {Quirk::token_type_case, "token-type-case", "many", "token_type is \"bEARER\".",
     "sends the token as a bearer token"},
    {Quirk::token_form, "token-form", "GitHub",
     "Token answers are form-encoded, whatever Accept says.", "reads them"},
    {Quirk::token_json_only, "token-json-only", "Anthropic",
     "The token endpoint reads JSON bodies only and answers forms with 400 and the words of a JSON "
     "parser.",
     "sends the request once more as JSON"},
    {Quirk::token_elsewhere, "token-elsewhere", "Datadog, Slack",
     "The token endpoint is not at /token; the metadata names it.",
     "refreshes at the place it stored, also after a restart"},
    {Quirk::no_expiry, "no-expiry", "Figma, Sentry, xAI",
     "Token answers have no expires_in, although the tokens expire.",
     "takes the expiry as unknown and refreshes on 401"},
    {Quirk::huge_expiry, "huge-expiry", "home-made servers",
     "expires_in is 18446744073709551615, although the tokens expire.",
     "does not overflow, and refreshes on 401"},
    {Quirk::refresh_keeps_token, "refresh-keeps-token", "Google",
     "Refresh answers have no refresh_token; the first one stays good.", "keeps the one it has"},
    {Quirk::refresh_refuses_resource, "refresh-refuses-resource", "servers without RFC 8707",
     "A refresh with a resource parameter is answered 400 invalid_target.",
     "sends it once more without"},
    {Quirk::refresh_refuses_scope, "refresh-refuses-scope", "Anthropic",
     "A refresh with a scope parameter is answered 400 invalid_scope.",
     "sends none, or sends it once more without"},
    {Quirk::refresh_too_early, "refresh-too-early", "Cloudflare",
     "A refresh is answered 400 invalid_request while the access token is good.",
     "goes on using the token it has, and refreshes later"},
    {Quirk::registration_403, "registration-403", "Figma",
     "Dynamic registration is answered 403; the client demo-client is known.",
     "says that a client id is needed, and takes one"},
    {Quirk::no_registration, "no-registration", "GitHub, Slack",
     "The metadata names no registration endpoint; the client demo-client is known.",
     "says that a client id is needed, and takes one"},
    {Quirk::secret_methods_only, "secret-methods-only", "Figma",
     "The metadata offers client_secret_basic and client_secret_post, not none.",
     "registers for a method that is offered, and uses it"},
    {Quirk::secret_expires, "secret-expires", "RFC 7591",
     "Client secrets come with client_secret_expires_at and end when the first access tokens do.",
     "registers anew before or after the end, and asks for a sign-in only if it must"},
    {Quirk::openid_metadata, "openid-metadata", "Keycloak, Entra, Okta",
     "The metadata is at /.well-known/openid-configuration only.", "finds it there"},
    {Quirk::issuer_slash, "issuer-slash", "Auth0",
     "The issuer ends in a slash, everywhere it is named.", "compares it byte for byte"},
    {Quirk::wrong_issuer, "wrong-issuer", "attackers, proxies",
     "The metadata names another issuer than the one it was found by.",
     "refuses (RFC 8414 §3.3) and shows both"},
    {Quirk::no_metadata, "no-metadata", "servers of 2025-03-26",
     "Nothing is published; /authorize, /token and /register at the origin work.",
     "tries those endpoints"},
    {Quirk::resource_origin, "resource-origin", "many",
     "The resource metadata names the origin as the resource, not the server's whole URL.",
     "sends as resource what the metadata says"},
    {Quirk::bare_401, "bare-401", "many", "The 401 is a bare `Bearer` without resource_metadata.",
     "looks at the well-known places"},
    {Quirk::late_challenge, "late-challenge", "Google BigQuery",
     "The handshake and the list of tools are public; the challenge comes with the first call.",
     "does not take the public list for proof that no sign-in is needed"},
    {Quirk::version_400, "version-400", "Slack",
     "The issues and tools servers answer 400 to any revision newer than 2025-06-18.",
     "tries the next older one"},
    {Quirk::batched_answers, "batched-answers", "servers of 2025-03-26",
     "The issues server speaks 2025-03-26 and answers in arrays.", "reads them"},
    {Quirk::http_with_sse, "http-with-sse", "servers of 2024-11-05",
     "The issues server speaks HTTP+SSE of 2024-11-05 only: POST is 405, GET opens the stream.",
     "falls back on the evidence of the endpoint event"},
    {Quirk::http2_hints, "http2-hints", "CDNs",
     "Every answer has Alt-Svc and Upgrade fields that offer HTTP/2 and HTTP/3.",
     "need not follow them"},
    {Quirk::slow_body, "slow-body", "CDNs", "Bodies arrive a few bytes at a time.",
     "waits for the end"},
    {Quirk::stalled_body, "stalled-body", "CDNs",
     "The first refresh gets the head of an answer and no body; nothing was done.",
     "has a deadline for bodies too, and tries the same refresh token again"},
}};

constexpr std::string_view kHead = R"(# Quirks: a provider that misbehaves on request
`gatehouse demo --quirk NAME` shows one oddity of deployed providers and servers; repeat the flag for several. The provider and its
servers answer on loopback, know two users without passwords and need no account, so any MCP client can be tried against them:

```
gatehouse demo --listen 127.0.0.1:8485 --quirk token-form --quirk no-expiry --token-life 30
```

`--token-life` says how many seconds access tokens live, so that a refresh need not be waited for. Without any quirk the provider is
strict already: PKCE with S256, RFC 8707 resources, RFC 9207 `iss`, refresh tokens that rotate with every use and end the login when
one is used twice.

Everything here is played in front of the provider; the provider itself (`src/oauth_server`) contains none of it. The end-to-end test
`tests/e2e/quirks_test.mjs` takes Gatehouse through add, sign-in, listing, call, expiry and refresh against each.

| quirk | seen at | what it does | what a good client does |
|---|---|---|---|
)";

}  // namespace

std::span<const QuirkInfo> all_quirks() {
  return kTable;
}

Result<QuirkSet> parse_quirks(std::span<const std::string> names) {
  QuirkSet set;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(kTable, name, &QuirkInfo::name);
    if (found == kTable.end()) {
      return fail(Errc::invalid_argument, "there is no quirk " + quote_remote(name, 60),
                  "`gatehouse demo --list-quirks` names them all");
    }
    set.add(found->quirk);
  }
  return set;
}

std::string quirks_text() {
  std::string out;
  for (const QuirkInfo& info : kTable) {
    out += fmt::format("{}\n    {}\n    Seen at: {}. A good client {}.\n", info.name, info.does,
                       info.seen_at, info.right);
  }
  return out;
}

std::string quirks_page() {
  std::string out(kHead);
  for (const QuirkInfo& info : kTable) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", info.name, info.seen_at, info.does, info.right);
  }
  return out;
}

}  // namespace gatehouse::demo
