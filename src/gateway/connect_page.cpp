#include "gateway/connect_page.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "gateway/page.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view kConnectPrefix = "/connect/";
constexpr std::string_view kCallbackPath = "/oauth/callback";
constexpr std::string_view kCookie = "gatehouse_browser";

std::string path_of(const http::Request& request) {
  return request.target.substr(0, request.target.find('?'));
}

std::string browser_cookie(const http::Request& request) {
  for (const std::string_view header : request.headers.find_all("Cookie")) {
    std::string_view rest = header;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trim_ows(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == kCookie)
        return std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

std::string browser_hash(const http::Request& request) {
  const std::string cookie = browser_cookie(request);
  return cookie.empty() ? std::string() : hex_encode(sha256(cookie));
}

// Ties the form to this browser and this link, against forged posts.
std::string form_token(const std::string& cookie, const std::string& link) {
  return base64url_encode(sha256("connect form\n" + cookie + "\n" + link));
}

Page plain_page(int status, std::string title, std::string paragraph) {
  Page page;
  page.status = status;
  page.title = std::move(title);
  page.paragraphs.push_back(std::move(paragraph));
  return page;
}

Page unknown_link_page() {
  return plain_page(404, "This link is not valid any more",
                    "It was used already or is older than ten minutes. Ask the agent to try again; "
                    "it will give you a new one.");
}

}  // namespace

ConnectPage::ConnectPage(Parts parts, Settings settings)
    : parts_(parts),
      settings_(std::move(settings)),
      callback_(parts.login,
                {.organization = settings_.organization,
                 .path = std::string(kCallbackPath),
                 .hosts = settings_.hosts,
                 .browser_hash = browser_hash,
                 .on_finished = [this](const Result<oauth_client::LoginOutcome>& outcome) {
                   on_finished(outcome);
                 }}) {}

bool ConnectPage::owns(std::string_view path) {
  return path.starts_with(kConnectPrefix) || path == kCallbackPath;
}

std::string ConnectPage::make_link(const upstream::Target& target,
                                   const upstream::PersonNeeded& need) {
  ConnectLink link;
  link.connection = target.connection->name;
  link.key = upstream::credential_key(target);
  link.step_up_scope = need.scope;
  link.challenges = need.challenges;
  const std::string id = links_.make(std::move(link), parts_.clock.now());
  if (place_ && place_->here != 0) {
    place_->shards.post(0, [page = pages_.front(), made = *links_.find(id, parts_.clock.now())] {
      page->links_.adopt(made, page->parts_.clock.now());
    });
  }
  return settings_.base_url + std::string(kConnectPrefix) + id;
}

void ConnectPage::join(ShardPlace place, std::vector<ConnectPage*> pages) {
  place_.emplace(place);
  pages_ = std::move(pages);
}

// Who made the link gives it out again until it was used.
void ConnectPage::tell_used(const std::string& id) {
  for (std::size_t shard = 1; shard < pages_.size(); ++shard)
    place_->shards.post(shard, [page = pages_[shard], id] { page->links_.forget(id); });
}

Task<> ConnectPage::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const std::string path = path_of(request);
  if (path == kCallbackPath) {
    co_await callback_.handle(exchange);
    co_return;
  }
  const std::string id = path.substr(kConnectPrefix.size());
  http::Response response;
  if (request.method == "GET" || request.method == "HEAD") {
    response = co_await show(request, id);
  } else if (request.method == "POST") {
    response = co_await start(request, id);
  } else {
    response = render(plain_page(405, "Not possible", "This page is opened with a browser."));
    response.headers.add("Allow", "GET, POST");
  }
  co_await exchange.respond(std::move(response));
}

Task<http::Response> ConnectPage::show(const http::Request& request, const std::string& id) {
  const ConnectLink* link = links_.find(id, parts_.clock.now());
  if (link == nullptr || link->started) co_return render(unknown_link_page());
  const std::string name = link->connection;
  const std::string scope = link->step_up_scope;
  Result<std::optional<vault::Connection>> connection =
      co_await parts_.store.connections().find(settings_.organization, name);
  if (!connection || !*connection) co_return render(unknown_link_page());
  std::string cookie = browser_cookie(request);
  const bool fresh = cookie.size() < 32;
  if (fresh) cookie = random_token(32);
  Page page;
  page.title = "Sign in to " + name;
  page.paragraphs = {"An agent that uses this Gatehouse wants to use " + name +
                     ". To allow that, sign in with your own account there. "
                     "The agent never sees your login."};
  page.facts = {{"Server", (*connection)->url}};
  if (!scope.empty()) page.facts.push_back({"Permissions", scope});
  page.button = "Continue to sign-in";
  page.form_action = std::string(kConnectPrefix) + id;
  page.form_token = form_token(cookie, id);
  http::Response response = render(page);
  if (fresh)
    response.headers.add("Set-Cookie",
                         std::string(kCookie) + "=" + cookie + "; Path=/; HttpOnly; SameSite=Lax");
  co_return response;
}

Task<http::Response> ConnectPage::start(const http::Request& request, const std::string& id) {
  const std::string cookie = browser_cookie(request);
  const std::optional<FormFields> form = form_decode(request.body);
  const auto field =
      form ? std::ranges::find(*form, "token", &std::pair<std::string, std::string>::first)
           : FormFields::const_iterator{};
  const bool genuine = !cookie.empty() && form && field != form->end() &&
                       equal_constant_time(field->second, form_token(cookie, id));
  if (!genuine) {
    co_return render(
        plain_page(403, "Please start again",
                   "This browser did not open the link itself. Open the link the agent gave you."));
  }
  ConnectLink* link = links_.find(id, parts_.clock.now());
  if (link == nullptr || link->started) co_return render(unknown_link_page());
  link->started = true;
  const ConnectLink used = *link;
  tell_used(id);
  Result<std::optional<vault::Connection>> connection =
      co_await parts_.store.connections().find(settings_.organization, used.connection);
  if (!connection || !*connection) co_return render(unknown_link_page());
  oauth_client::LoginRequest login;
  login.connection = **connection;
  login.key = used.key;
  login.redirect_uri = settings_.base_url + std::string(kCallbackPath);
  if (!used.challenges.empty()) login.challenges = used.challenges;
  login.step_up_scope = used.step_up_scope;
  login.browser_hash = hex_encode(sha256(cookie));
  Result<oauth_client::PendingLogin> pending = co_await parts_.login.begin(std::move(login));
  if (!pending) {
    // The login never began, so the link may be tried again.
    if (ConnectLink* again = links_.find(id, parts_.clock.now())) again->started = false;
    parts_.log.warn("connect_failed",
                    {{"connection", used.connection}, {"error", describe(pending.error())}});
    co_return render(plain_page(502, "Sign-in to " + used.connection + " cannot start",
                                describe(pending.error())));
  }
  http::Response response;
  response.status = 303;
  response.headers = {{"Location", pending->authorization_url},
                      {"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"}};
  co_return response;
}

void ConnectPage::on_finished(const Result<oauth_client::LoginOutcome>& outcome) {
  if (!outcome) {
    parts_.log.warn("sign_in_failed", {{"error", describe(outcome.error())}});
    return;
  }
  parts_.upstreams.reset(outcome->key.connection);
  parts_.tasks.spawn("prove_login", prove(outcome->key));
}

// "Connected" is earned by an authenticated tools/list (design: rule 5).
Task<> ConnectPage::prove(vault::CredentialKey key) {
  Result<std::vector<vault::Connection>> connections =
      co_await parts_.store.connections().list(settings_.organization);
  if (!connections) co_return;
  for (vault::Connection& connection : *connections) {
    if (!(connection.id == key.connection)) continue;
    upstream::Target target{std::make_shared<const vault::Connection>(std::move(connection)),
                            key.owner.value_or(local_member()), key.account};
    (void)co_await parts_.upstreams.refresh_catalog(std::move(target));
    co_return;
  }
}

}  // namespace gatehouse::gateway
