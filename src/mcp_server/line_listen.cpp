// What a line channel tells outside of requests: a modern client's subscriptions/listen (reference
// L-1 … L-4), and what a legacy client hears of unasked or subscribed to (O-6).
#include "mcp/capabilities.hpp"
#include "mcp/listen_filter.hpp"
#include "mcp_server/answer.hpp"
#include "mcp_server/interest_filter.hpp"
#include "mcp_server/line_server.hpp"
#include "mcp_server/run_service.hpp"

namespace gatehouse::mcp_server {

/// One open subscriptions/listen.
class LineListener final : public Follower {
 public:
  LineListener(LineServer& server, std::shared_ptr<const Caller> caller, Executor executor,
               Subscription subscription)
      : server_(server),
        caller_(std::move(caller)),
        subscription_(std::move(subscription)),
        changed_(executor) {}

  const Caller& caller() const override { return *caller_; }
  mcp::Era era() const override { return mcp::Era::modern; }
  const mcp::Interest& interest() const override { return subscription_.interest(); }
  void post(std::string_view method, std::string_view params) override {
    if (open_ && subscription_.wants(method, params)) {
      server_.write_later(subscription_.tag(method, params));
    }
  }
  void end() override {
    if (open_) server_.write_surely(subscription_.finish());
    stop();
  }

  void begin(mcp::Interest granted) {
    if (open_) server_.write_surely(subscription_.acknowledge(std::move(granted)));
  }
  /// Without a last word, because the client gave up or is gone.
  void stop() {
    open_ = false;
    changed_.notify_all();
  }
  Task<> until_stopped() {
    while (open_) co_await changed_.wait();
  }

 private:
  LineServer& server_;
  std::shared_ptr<const Caller> caller_;
  Subscription subscription_;
  Condition changed_;
  bool open_ = true;
};

namespace {

/// Forgets the listener however its request ends; the service may keep it for longer.
class Registered final {
 public:
  Registered(Service& service, std::unordered_set<LineListener*>& all, LineListener& listener)
      : service_(service), all_(all), listener_(listener) {
    all_.insert(&listener_);
  }
  ~Registered() {
    listener_.stop();
    all_.erase(&listener_);
    service_.unfollow(listener_);
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  Service& service_;
  std::unordered_set<LineListener*>& all_;
  LineListener& listener_;
};

class Cancellable final {
 public:
  Cancellable(RunningCalls& calls, std::string_view id)
      : calls_(calls), source(std::make_shared<CancelSource>()) {
    calls_.add(id, source);
  }
  ~Cancellable() { calls_.remove(source.get()); }
  Cancellable(const Cancellable&) = delete;
  Cancellable& operator=(const Cancellable&) = delete;

 private:
  RunningCalls& calls_;

 public:
  const std::shared_ptr<CancelSource> source;
};

}  // namespace

/// `line` keeps the bytes of `message` alive.
Task<> LineServer::listen(LinePtr line, jsonrpc::Message message) {
  auto wanted = parse_listen_filter(message);
  if (!wanted) {
    co_return co_await fail_request(line, message.id, follow_failure(wanted.error()));
  }
  const Cancellable cancellable(calls_, message.id);
  if (server_info_.empty()) co_await learn_server_info();
  const auto listener = std::make_shared<LineListener>(
      *this, line->caller, tasks_.executor(), Subscription(std::string(message.id), server_info_));
  const Registered registered(service_, listeners_, *listener);
  const auto on_cancel = cancellable.source->on_cancel([raw = listener.get()] { raw->stop(); });
  const auto granted = co_await follow_service(service_, listener, *wanted, logger_);
  if (cancellable.source->cancelled()) co_return;
  if (!granted) {
    co_return co_await fail_request(line, message.id, follow_failure(granted.error()));
  }
  listener->begin(mcp::intersect(*wanted, *granted));
  if (ended_) listener->end();
  co_await listener->until_stopped();
}

void LineServer::end_streams() {
  ended_ = true;
  for (LineListener* listener : listeners_) listener->end();
}

Task<> LineServer::follow() {
  co_await following_.start(service_, shared_from_this(), logger_);
}

void LineServer::post(std::string_view method, std::string_view params) {
  if (closed_) return;
  // A URL elicitation may be completed long after its call (2025-11-25).
  const bool completed =
      method == "notifications/elicitation/complete" && capabilities_.elicitation_url;
  if (!completed && !is_wanted(interest(), method, params)) return;
  write_later(jsonrpc::make_notification(method, params));
}

Task<Result<std::string>> LineServer::ask(std::string_view method, std::string_view params) {
  const std::shared_ptr<LineServer> self = shared_from_this();
  if (!can_ask() || !mcp::allows(capabilities_, method, params.empty() ? "{}" : params)) {
    co_return fail(Errc::unsupported, "this client cannot be asked");
  }
  CancelSource never;  // the end of the channel settles it
  co_return co_await ask(method, params, never);
}

}  // namespace gatehouse::mcp_server
