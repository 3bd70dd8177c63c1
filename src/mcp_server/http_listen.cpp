// subscriptions/listen over HTTP (reference L-1 … L-4): a stream that stays open and tells of what
// was asked for, acknowledged first, answered at its end.
#include "mcp/listen_filter.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/http_listener.hpp"
#include "mcp_server/http_state.hpp"
#include "mcp_server/interest_filter.hpp"
#include "mcp_server/run_service.hpp"

namespace gatehouse::mcp_server {
namespace {

/// Forgets the listener however its request ends.
class Registered final {
 public:
  Registered(HttpEndpoint::State& state, std::shared_ptr<HttpListener> listener)
      : state_(state), listener_(std::move(listener)) {
    state_.listeners.insert(listener_.get());
    ++state_.listens[listener_->caller().identity];
  }
  ~Registered() {
    state_.service.unfollow(*listener_);
    state_.listeners.erase(listener_.get());
    const auto mine = state_.listens.find(listener_->caller().identity);
    if (--mine->second == 0) state_.listens.erase(mine);
    listener_->stream().abandon();
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  HttpEndpoint::State& state_;
  std::shared_ptr<HttpListener> listener_;
};

}  // namespace

Task<> HttpEndpoint::State::listen(http::Exchange& exchange, CallerPtr caller,
                                   jsonrpc::Message message) {
  const std::string id(message.id);
  const auto refused = [&](int code, std::string text) {
    return Reply::Failure{code, std::move(text), {}, 0};
  };
  if (!parse_accept(exchange.request().headers).events) {
    co_return co_await refuse(
        exchange, 406, id,
        refused(jsonrpc::kInvalidRequest, "Accept must allow text/event-stream"));
  }
  auto wanted = parse_listen_filter(message);
  if (!wanted) {
    co_return co_await refuse(exchange, 400, id, follow_failure(wanted.error()));
  }
  const auto mine = listens.find(caller->identity);
  if (ended || (mine != listens.end() && mine->second >= settings.max_listens_per_caller)) {
    co_return co_await refuse(exchange, 503, id,
                              refused(jsonrpc::kInternalError,
                                      ended ? "the server is shutting down"
                                            : "too many subscriptions (max_listens_per_caller)"));
  }
  if (server_info.empty()) co_await learn_server_info(*caller);
  const auto listener =
      std::make_shared<HttpListener>(std::move(caller), Subscription(id, server_info),
                                     std::make_shared<EventStream>(exchange, keep_alive));
  const Registered registered(*this, listener);
  auto granted = co_await follow_service(service, listener, *wanted, logger);
  if (!granted) {
    const Reply::Failure failure = follow_failure(granted.error());
    if (exchange.streaming()) {  // it took so long that the answer had to begin
      const Answer late(id, failure);
      co_return co_await listener->stream().close(late.text());
    }
    co_return co_await refuse(exchange, http_status_of(failure), id, failure);
  }
  listener->begin(mcp::intersect(*wanted, *granted));
  if (ended) listener->end();
  co_await listener->stream().serve();
}

void HttpEndpoint::State::end_listeners(std::string_view identity) {
  for (HttpListener* listener : listeners) {
    if (identity.empty() || listener->caller().identity == identity) listener->end();
  }
}

void HttpListener::begin(mcp::Interest granted) {
  stream_->post(subscription_.acknowledge(std::move(granted)));
}

void HttpListener::post(std::string_view method, std::string_view params) {
  if (subscription_.wants(method, params)) stream_->post(subscription_.tag(method, params));
}

void HttpListener::end() {
  stream_->end(subscription_.finish());
}

}  // namespace gatehouse::mcp_server
