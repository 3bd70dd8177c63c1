#include "demo/quirky_front.hpp"

#include "async/condition.hpp"
#include "async/timer.hpp"

namespace gatehouse::demo {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPieces = 12;  // of a slow body
constexpr auto kPauseBetween = 20ms;
constexpr std::size_t kMostRemembered = 10'000;

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

}  // namespace

/// The exchange as the site sees it: another request perhaps, and an answer that is changed.
class QuirkyExchange final : public http::Exchange {
 public:
  QuirkyExchange(QuirkyFront& front, http::Exchange& exchange, http::Request request,
                 QuirkyFront::Place place)
      : front_(front), exchange_(exchange), request_(std::move(request)), place_(place) {}

  const http::Request& request() const override { return request_; }
  std::string_view peer_address() const override { return exchange_.peer_address(); }
  std::string_view request_id() const override { return exchange_.request_id(); }
  Task<> respond(int status, const http::Headers& headers,
                 std::span<const std::string_view> pieces) override {
    http::Response response{status, headers, {}};
    for (const std::string_view piece : pieces) response.body += piece;
    front_.after(request_, response);
    co_await front_.deliver(exchange_, place_, std::move(response));
  }
  Task<Result<void>> start_stream(int status, const http::Headers& headers) override {
    return exchange_.start_stream(status, headers);
  }
  Task<Result<void>> write(std::string_view bytes) override { return exchange_.write(bytes); }
  Task<> finish() override { return exchange_.finish(); }
  bool streaming() const override { return exchange_.streaming(); }
  CancelSource& disconnected() override { return exchange_.disconnected(); }

 private:
  QuirkyFront& front_;
  http::Exchange& exchange_;
  http::Request request_;
  QuirkyFront::Place place_;
};

QuirkyFront::QuirkyFront(QuirkSet quirks, std::string origin, const Clock& clock,
                         std::chrono::seconds access_token_life)
    : quirks_(quirks), origin_(std::move(origin)), clock_(clock), life_(access_token_life) {}

QuirkyFront::Place QuirkyFront::place_of(std::string_view path) {
  if (path.starts_with("/.well-known/")) return Place::metadata;
  if (path == "/register") return Place::registration;
  if (path == "/token") return Place::token;
  if (path == "/notes/mcp") return Place::mcp;
  if (path.starts_with("/issues/mcp") || path == "/tools/mcp") return Place::legacy_mcp;
  return Place::other;
}

Task<> QuirkyFront::handle(Executor executor, http::Exchange& exchange, http::Handler& site) {
  http::Request request = exchange.request();
  if (takes_stall(request)) co_return co_await stall(executor, exchange);
  auto answer = before(request);
  const Place place = place_of(path_of(request.target));
  if (answer) {
    after(request, *answer);
    co_return co_await deliver(exchange, place, std::move(*answer));
  }
  QuirkyExchange changed(*this, exchange, std::move(request), place);
  co_await site.handle(changed);
}

std::optional<http::Response> QuirkyFront::before(http::Request& request) {
  if (has(Quirk::token_elsewhere)) {
    if (path_of(request.target) == "/token") {
      return http::Response{404, {{"Content-Type", "text/plain"}}, "not found\n"};
    }
    if (path_of(request.target) == "/oauth/v2/exchange") request.target = "/token";
  }
  const Place place = place_of(path_of(request.target));
  switch (place) {
    case Place::metadata:
      return before_metadata(request);
    case Place::registration:
      return before_registration();
    case Place::token:
      return before_token(request);
    case Place::legacy_mcp:
    case Place::mcp:
      return before_mcp(place, request);
    case Place::other:
      break;
  }
  return std::nullopt;
}

void QuirkyFront::after(const http::Request& request, http::Response& response) {
  const Place place = place_of(path_of(request.target));
  switch (place) {
    case Place::metadata:
      if (response.status == 200) after_metadata(response);
      break;
    case Place::registration:
      if (response.status == 201) after_registration(response);
      break;
    case Place::token:
      after_token(request, response);
      break;
    case Place::legacy_mcp:
    case Place::mcp:
      after_mcp(request, response);
      break;
    case Place::other:
      break;
  }
  if (has(Quirk::http2_hints)) {
    response.headers.set("Alt-Svc", "h3=\":443\"; ma=86400, h2=\":443\"");
    response.headers.set("Upgrade", "h2,h2c");
  }
}

Task<> QuirkyFront::deliver(http::Exchange& exchange, Place place, http::Response response) {
  if (!has(Quirk::slow_body) || place == Place::other || response.body.empty()) {
    co_return co_await exchange.respond(std::move(response));
  }
  auto written = co_await exchange.start_stream(response.status, response.headers);
  const std::size_t step = response.body.size() / kPieces + 1;
  for (std::size_t at = 0; written && at < response.body.size(); at += step) {
    written = co_await exchange.write(std::string_view(response.body).substr(at, step));
    co_await sleep_for(kPauseBetween);
  }
  co_await exchange.finish();
}

bool QuirkyFront::takes_stall(const http::Request& request) {
  const bool refresh = path_of(request.target) == "/token" &&
                       request.body.find("refresh_token") != std::string::npos &&
                       request.body.find("authorization_code") == std::string::npos;
  return has(Quirk::stalled_body) && refresh && !std::exchange(stalled_, true);
}

Task<> QuirkyFront::stall(Executor executor, http::Exchange& exchange) {
  Condition left(executor);
  CancelSource& disconnected = exchange.disconnected();
  const auto on_leave = disconnected.on_cancel([&left] { left.notify_all(); });
  const auto begun = co_await exchange.start_stream(200, {{"Content-Type", "application/json"}});
  if (begun) (void)co_await exchange.write("{");
  while (!disconnected.cancelled()) co_await left.wait();
  co_await exchange.finish();
}

void QuirkyFront::remember(Times& times, std::string key, SystemTime at) {
  if (times.size() >= kMostRemembered) times.clear();
  times[std::move(key)] = at;
}

}  // namespace gatehouse::demo
