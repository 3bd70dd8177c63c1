#include "oauth_server/consent_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "oauth/scope.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/redirect_uri.hpp"

namespace gatehouse::oauth_server {
namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#eef1f6;color:#1b2330}"
    "main{max-width:30rem;margin:9vh auto;padding:2rem 2.25rem;background:#fff;border-radius:14px;"
    "box-shadow:0 2px 14px rgba(20,30,60,.13)}"
    ".brand{color:#5a6577;font-size:.9rem;margin:0 0 1.2rem}h1{font-size:1.35rem;line-height:1.3;"
    "margin:0 0 1rem;overflow-wrap:anywhere}ul{padding:0;list-style:none;margin:1rem 0}"
    "li{padding:.55rem .8rem;border:1px solid #dfe4ec;border-radius:9px;margin:.4rem 0}"
    "li code{display:block;color:#5a6577;font-size:.8rem}dl{display:grid;grid-template-columns:"
    "auto 1fr;gap:.25rem .9rem;font-size:.9rem;margin:1rem 0}dt{color:#5a6577}"
    "dd{margin:0;overflow-wrap:anywhere}.note{background:#fff5dd;color:#5c4400;padding:.6rem .8rem;"
    "border-radius:9px;font-size:.9rem}"
    "button{font:inherit;width:100%;padding:.7rem;border-radius:9px;border:0;margin:.3rem 0;"
    "background:#2257d9;color:#fff;cursor:pointer}button:focus-visible{outline:3px solid #8fb0ff}"
    "button.deny{background:none;color:inherit;border:1px solid #c9d0dc}"
    "@media(prefers-color-scheme:dark){body{background:#12161d;color:#e4e9f1}main{background:"
    "#1b212b;box-shadow:none}li{border-color:#333d4b}.brand,dt,li code{color:#98a4b6}"
    ".note{background:#3a3016;color:#f1dfae}button.deny{border-color:#465163}}";

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

http::Response page(const Settings& settings, int status, std::string_view title,
                    std::string_view inside) {
  http::Response response;
  response.status = status;
  // No form-action: browsers apply it to the redirect that follows the post, which leads elsewhere.
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"}};
  response.body = fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{}</title><style>{}</style></head><body><main>"
      "<p class=\"brand\">{}</p><h1>{}</h1>{}</main></body></html>",
      escape(title), kStyle, escape(settings.name), escape(title), inside);
  return response;
}

std::string scope_list(const Settings& settings, std::string_view scope) {
  std::string out = "<ul>";
  for (const std::string& name : oauth::split_scope(scope)) {
    const auto known = std::ranges::find(settings.scopes, name, &ScopeInfo::name);
    const std::string text = known == settings.scopes.end() ? name : known->description;
    out += fmt::format("<li>{}<code>{}</code></li>", escape(text), escape(name));
  }
  return out + "</ul>";
}

std::string client_of(const PendingConsent& consent) {
  return consent.client_name.empty() ? std::string("An unnamed client") : consent.client_name;
}

/// One button per user, and one to deny.
std::string buttons(const Settings& settings, const PendingConsent& consent,
                    std::string_view path) {
  std::string out = fmt::format(
      "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">",
      escape(endpoint_url(settings, path)), escape(consent.token));
  for (const User& user : settings.users) {
    out += fmt::format("<button name=\"user\" value=\"{}\">Continue as {}</button>",
                       escape(user.id), escape(user.name));
  }
  return out + "<button class=\"deny\" name=\"deny\" value=\"1\">Cancel</button></form>";
}

}  // namespace

http::Response consent_page(const Settings& settings, const PendingConsent& consent) {
  std::string inside = "<p>It will be able to:</p>" + scope_list(settings, consent.scope);
  inside += fmt::format(
      "<dl><dt>At</dt><dd>{}</dd><dt>Sends you back to</dt><dd><strong>{}</strong></dd></dl>",
      escape(consent.resource), escape(redirect_host(consent.redirect_uri)));
  if (consent.asks_here_only) {
    inside +=
        "<p class=\"note\">This client runs on your own machine. Continue only if you have just "
        "started it yourself.</p>";
  }
  inside += buttons(settings, consent, "/authorize");
  return page(settings, 200, client_of(consent) + " wants access", inside);
}

http::Response device_code_page(const Settings& settings, std::string_view typed,
                                std::string_view problem) {
  std::string inside = "<p>Type the code that your device or terminal shows.</p>";
  if (!problem.empty()) inside += fmt::format("<p class=\"note\">{}</p>", escape(problem));
  inside += fmt::format(
      "<form method=\"post\" action=\"{}\"><input name=\"user_code\" value=\"{}\" required "
      "autofocus "
      "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"40\" "
      "aria-label=\"Code\"><button>Continue</button></form>",
      escape(endpoint_url(settings, "/device")), escape(typed.substr(0, 40)));
  return page(settings, problem.empty() ? 200 : 400, "Sign in a device", inside);
}

http::Response device_consent_page(const Settings& settings, const PendingConsent& consent) {
  std::string inside = "<p>It will be able to:</p>" + scope_list(settings, consent.scope);
  inside += fmt::format("<dl><dt>At</dt><dd>{}</dd><dt>Code</dt><dd><strong>{}</strong></dd></dl>",
                        escape(consent.resource), escape(consent.state));
  inside +=
      "<p class=\"note\">Continue only if this very code stands on a device of your own, which you "
      "have just asked to sign in. Who sent you the code by message wants your account.</p>";
  inside += buttons(settings, consent, "/device");
  return page(settings, 200, client_of(consent) + " wants access", inside);
}

http::Response device_done_page(const Settings& settings, std::string_view text) {
  return page(settings, 200, text, "<p>You can close this page and go back to your device.</p>");
}

http::Response error_page(const Settings& settings, int status, std::string_view text) {
  return page(settings, status, "This sign-in cannot go on",
              fmt::format("<p>{}</p><p>Go back to the program that sent you here and start again."
                          "</p>",
                          escape(text)));
}

}  // namespace gatehouse::oauth_server
