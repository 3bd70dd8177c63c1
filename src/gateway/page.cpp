#include "gateway/page.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2430}"
    "main{max-width:34rem;margin:12vh auto;padding:2rem 2.5rem;background:#fff;border-radius:12px;"
    "box-shadow:0 1px 3px rgba(20,30,50,.15)}h1{font-size:1.35rem;margin:0 0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0;width:100%}td{padding:.3rem .8rem .3rem "
    "0;vertical-align:top;"
    "overflow-wrap:anywhere}td:first-child{color:#5b6675;white-space:nowrap}"
    "button{font:inherit;padding:.6rem "
    "1.4rem;border:0;border-radius:8px;background:#1f5eff;color:#fff;cursor:pointer}"
    "footer{margin-top:1.5rem;color:#5b6675;font-size:.85rem}"
    "@media(prefers-color-scheme:dark){body{background:#14181f;color:#e6eaf0}main{background:#"
    "1d232d;box-shadow:none}"
    "td:first-child,footer{color:#9aa5b5}}";

std::string render_facts(const std::vector<Page::Fact>& facts) {
  if (facts.empty()) return {};
  std::string out = "<table>";
  for (const Page::Fact& fact : facts) {
    out +=
        "<tr><td>" + escape_html(fact.name) + "</td><td>" + escape_html(fact.value) + "</td></tr>";
  }
  return out + "</table>";
}

std::string render_form(const Page& page) {
  if (page.button.empty()) return {};
  return "<form method=\"post\" action=\"" + escape_html(page.form_action) +
         "\"><input type=\"hidden\" name=\"token\" value=\"" + escape_html(page.form_token) +
         "\"><button>" + escape_html(page.button) + "</button></form>";
}

}  // namespace

std::string escape_html(std::string_view text) {
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

http::Response render(const Page& page) {
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>" +
      escape_html(page.title) + " · Gatehouse</title><style>" + std::string(kStyle) +
      "</style></head><body><main><h1>" + escape_html(page.title) + "</h1>";
  for (const std::string& paragraph : page.paragraphs)
    html += "<p>" + escape_html(paragraph) + "</p>";
  html += render_facts(page.facts) + render_form(page) +
          "<footer>Gatehouse</footer></main></body></html>";
  http::Response response;
  response.status = page.status;
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      // Not no-referrer: with it browsers post the form with "Origin: null" (Fetch, "append a
      // request Origin header"), which the front door refuses.
      {"Referrer-Policy", "same-origin"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"}};
  response.body = std::move(html);
  return response;
}

}  // namespace gatehouse::gateway
