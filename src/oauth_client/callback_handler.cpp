#include "oauth_client/callback_handler.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gatehouse::oauth_client {
namespace {

std::string escape_html(std::string_view text) {
  std::string out;
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

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;"
    "color:#222;background:#fff}h1{font-size:1.4rem}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}";

CallbackPage nothing_pending() {
  return {404,
          "No sign-in is waiting here",
          {"This sign-in was finished already, was replaced by a later one, or is older than ten "
           "minutes.",
           "Start it again where you started it."}};
}

/// What matches no login leaves all of them pending.
bool ends_login(const Result<LoginOutcome>& outcome) {
  return outcome ||
         (outcome.error().code != Errc::parse && outcome.error().code != Errc::not_found);
}

}  // namespace

CallbackHit classify_hit(const http::Request& request, std::string_view path,
                         const std::vector<std::string>& hosts) {
  const auto host = request.headers.find("Host");
  // A web page that made its own name resolve to this machine arrives with that name.
  const bool ours = host && request.headers.count("Host") == 1 &&
                    std::ranges::any_of(
                        hosts, [&](const std::string& name) { return ascii_iequal(name, *host); });
  if (!ours) return CallbackHit::wrong_host;
  const std::string_view target = request.target;
  const std::size_t mark = target.find('?');
  if (target.substr(0, mark) != path) return CallbackHit::stray;
  if (request.method != "GET") return CallbackHit::wrong_method;
  return mark == std::string_view::npos || mark + 1 == target.size() ? CallbackHit::bare
                                                                     : CallbackHit::callback;
}

http::Response render(const CallbackPage& page) {
  http::Response response;
  response.status = page.status;
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
       "form-action 'none'"}};
  response.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                  escape_html(page.title) + "</title><style>" + std::string(kStyle) +
                  "</style></head><body><h1>" + escape_html(page.title) + "</h1>";
  for (const std::string& paragraph : page.paragraphs)
    response.body += "<p>" + escape_html(paragraph) + "</p>";
  response.body += "</body></html>\n";
  return response;
}

CallbackPage page_for_success(const LoginOutcome& outcome) {
  CallbackPage page{200, "You are signed in", {}};
  page.paragraphs.push_back("Gatehouse is now connected to " + outcome.resource +
                            (outcome.subject.empty() ? "" : " as " + outcome.subject) + ".");
  if (!outcome.missing_scopes.empty()) {
    std::string missing;
    for (const std::string& scope : outcome.missing_scopes)
      missing += (missing.empty() ? "" : ", ") + scope;
    page.paragraphs.push_back("Not granted: " + missing + ".");
  }
  page.paragraphs.emplace_back("You can close this window.");
  return page;
}

CallbackPage page_for_failure(const Error& error) {
  if (error.code == Errc::not_found || error.code == Errc::parse)
    return {404, "No sign-in was finished here", {error.detail + ".", error.hint}};
  const int status = error.code == Errc::policy                               ? 403
                     : classify(error) == Disposition::retry                  ? 502
                     : error.code == Errc::corrupt || error.code == Errc::bug ? 500
                                                                              : 400;
  CallbackPage page{status, "The sign-in did not succeed", {error.detail}};
  if (!error.hint.empty()) page.paragraphs.push_back("What to do: " + error.hint + ".");
  return page;
}

CallbackHandler::CallbackHandler(Login& login, Options options)
    : login_(login), options_(std::move(options)) {}

Task<> CallbackHandler::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  switch (classify_hit(request, options_.path, options_.hosts)) {
    case CallbackHit::wrong_host:
      co_await exchange.respond(
          render({421, "Not here", {"This address belongs to another name."}}));
      co_return;
    case CallbackHit::stray:
      co_await exchange.respond(render({404, "Nothing here", {}}));
      co_return;
    case CallbackHit::wrong_method: {
      http::Response response = render({405, "Nothing here", {}});
      response.headers.add("Allow", "GET");
      co_await exchange.respond(std::move(response));
      co_return;
    }
    case CallbackHit::bare:
      co_await exchange.respond(render(nothing_pending()));
      co_return;
    case CallbackHit::callback:
      break;
  }
  const std::string browser =
      options_.browser_hash ? options_.browser_hash(request) : std::string();
  if (options_.on_working) options_.on_working(true);
  const Result<LoginOutcome> outcome =
      co_await login_.finish(options_.organization, request.target, browser);
  if (options_.on_working) options_.on_working(false);
  co_await exchange.respond(
      render(outcome ? page_for_success(*outcome) : page_for_failure(outcome.error())));
  if (options_.on_finished && ends_login(outcome)) options_.on_finished(outcome);
}

}  // namespace gatehouse::oauth_client
