#include "demo/old_transport.hpp"

#include "async/timer.hpp"
#include "base/random.hpp"
#include "http/sse.hpp"
#include "mcp_server/line_endpoint.hpp"

namespace gatehouse::demo {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostSessions = 100;
constexpr std::size_t kQueued = 100;  // messages each way
constexpr auto kKeepAlive = 15s;

http::Response plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain"}}, std::move(text)};
}

std::string session_of(std::string_view target) {
  constexpr std::string_view kParameter = "?sessionId=";
  const std::size_t at = target.find(kParameter);
  return at == std::string_view::npos ? std::string()
                                      : std::string(target.substr(at + kParameter.size()));
}

}  // namespace

struct OldTransport::Session {
  Session(Executor executor, std::string owner)
      : id(random_token(16)),
        identity(std::move(owner)),
        in(executor, kQueued),
        out(executor, kQueued) {}
  std::string id;
  std::string identity;  ///< Caller::identity of who opened it
  Mailbox<std::string> in;
  Mailbox<std::string> out;
};

/// The two queues of a session as the channel of a LineEndpoint.
class OldTransport::Channel final : public jsonrpc::LineChannel {
 public:
  explicit Channel(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  Task<Result<void>> write_line(std::string_view line) override {
    if (session_->out.push(std::string(line))) co_return Result<void>{};
    co_return fail(Errc::unavailable, "the client does not read");
  }
  Task<Result<std::optional<std::string>>> read_line() override {
    co_return co_await session_->in.pop();
  }
  Task<> close() override {
    session_->out.close();
    co_return;
  }

 private:
  std::shared_ptr<Session> session_;
};

OldTransport::OldTransport(mcp_server::Service& service, mcp_server::Authenticator& authenticator,
                           TaskGroup& tasks, Logger& logger, std::string path)
    : service_(service),
      authenticator_(authenticator),
      tasks_(tasks),
      logger_(logger),
      path_(std::move(path)) {}

Task<> OldTransport::handle(http::Exchange& exchange) {
  auto decided = co_await authenticator_.authenticate(exchange);
  if (auto* refusal = std::get_if<http::Response>(&decided)) {
    co_return co_await exchange.respond(std::move(*refusal));
  }
  auto caller = std::get<CallerPtr>(std::move(decided));
  const http::Request& request = exchange.request();
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == path_ && request.method == "GET") {
    co_return co_await open(exchange, std::move(caller));
  }
  if (path == path_ + "/messages" && request.method == "POST") {
    co_return co_await take(exchange, *caller);
  }
  http::Response refused = plain(405, "method not allowed\n");
  refused.headers.add("Allow", path == path_ ? "GET" : "POST");
  co_await exchange.respond(std::move(refused));
}

Task<> OldTransport::run_session(OldTransport& self, std::shared_ptr<Session> session,
                                 CallerPtr caller) {
  Channel channel(session);
  mcp_server::EndpointSettings settings;
  settings.eras = mcp_server::Eras::legacy_only;
  mcp_server::LineEndpoint endpoint(self.service_, std::move(caller), channel, self.tasks_,
                                    self.logger_, std::move(settings));
  co_await endpoint.run();
}

Task<Result<std::optional<std::string>>> OldTransport::next_of(std::shared_ptr<Session> session) {
  co_return co_await session->out.pop();
}

Task<> OldTransport::open(http::Exchange& exchange, CallerPtr caller) {
  if (sessions_.size() >= kMostSessions) {
    co_return co_await exchange.respond(plain(503, "too many streams\n"));
  }
  const auto session = std::make_shared<Session>(tasks_.executor(), caller->identity);
  sessions_[session->id] = session;
  const std::shared_ptr<void> ended(nullptr, [this, session](void*) {
    session->in.close();
    sessions_.erase(session->id);
  });
  const auto on_leave = exchange.disconnected().on_cancel([session] { session->out.close(); });
  tasks_.spawn("old_session", run_session(*this, session, std::move(caller)));
  auto written = co_await exchange.start_stream(
      200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}});
  std::string bytes =
      http::format_sse_event(path_ + "/messages?sessionId=" + session->id, {}, "endpoint");
  while (written) {
    written = co_await exchange.write(bytes);
    auto message = co_await with_timeout<std::optional<std::string>>(kKeepAlive, next_of(session),
                                                                     "a message");
    if (message && !*message) break;
    bytes = message ? http::format_sse_event(**message, {}, "message") : ": alive\n\n";
  }
  co_await exchange.finish();
}

Task<> OldTransport::take(http::Exchange& exchange, const mcp_server::Caller& caller) {
  const http::Request& request = exchange.request();
  const auto found = sessions_.find(session_of(request.target));
  http::Response answer = plain(202, "Accepted\n");
  if (found == sessions_.end() || found->second->identity != caller.identity) {
    answer = plain(404, "Could not find session\n");
  } else if (!found->second->in.push(request.body)) {
    answer = plain(503, "too many messages at once\n");
  }
  co_await exchange.respond(std::move(answer));
}

}  // namespace gatehouse::demo
