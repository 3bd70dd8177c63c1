// HTTP+SSE of 2024-11-05 (reference O-10): a GET opens a stream and is told where to post; what is
// posted there is answered on the stream. Behind it stands a line channel like any other. Streams
// have unguessable ids, are bound to their caller, and every request is authenticated anew.
#include "base/random.hpp"
#include "http/sse.hpp"
#include "mcp_server/http_state.hpp"
#include "mcp_server/line_server.hpp"

namespace gatehouse::mcp_server {
namespace {

/// The event stream as what a LineServer writes to.
class SseChannel final : public jsonrpc::LineChannel {
 public:
  explicit SseChannel(std::shared_ptr<EventStream> stream) : stream_(std::move(stream)) {}
  Task<Result<void>> write_line(std::string_view line) override { return stream_->send(line, {}); }
  Task<Result<std::optional<std::string>>> read_line() override {
    co_return fail(Errc::unsupported, "lines of this channel come by POST");
  }
  Task<> close() override {
    stream_->end({});
    co_return;
  }

 private:
  std::shared_ptr<EventStream> stream_;
};

EndpointSettings settings_of_lines(EndpointSettings settings) {
  settings.eras = Eras::legacy_only;
  return settings;
}

}  // namespace

/// One open stream; forgotten however its request ends.
class OldStream final {
 public:
  OldStream(HttpEndpoint::State& state, http::Exchange& exchange,
            const std::shared_ptr<const Caller>& caller)
      : state_(state),
        id(state.settings.make_session_id ? state.settings.make_session_id(caller->identity)
                                          : random_token(32)),
        identity(caller->identity),
        stream(std::make_shared<EventStream>(exchange, state.keep_alive)),
        channel_(std::make_shared<SseChannel>(stream)),
        server(std::make_shared<LineServer>(state.service, caller, *channel_, state.tasks,
                                            state.logger, settings_of_lines(state.settings))) {
    server->keep(channel_);
    state_.old_streams.emplace(id, this);
  }
  ~OldStream() {
    state_.old_streams.erase(id);
    server->close();
  }
  OldStream(const OldStream&) = delete;
  OldStream& operator=(const OldStream&) = delete;

 private:
  HttpEndpoint::State& state_;

 public:
  const std::string id;
  const std::string identity;
  const std::shared_ptr<EventStream> stream;

 private:
  const std::shared_ptr<SseChannel> channel_;

 public:
  const std::shared_ptr<LineServer> server;
};

Task<> HttpEndpoint::State::open_old_stream(http::Exchange& exchange, CallerPtr caller) {
  std::size_t mine = 0;
  for (const auto& [id, stream] : old_streams) mine += stream->identity == caller->identity ? 1 : 0;
  if (ended || old_streams.size() >= settings.max_old_streams ||
      mine >= settings.max_old_streams_per_caller) {
    co_return co_await plain(exchange, 503,
                             ended ? "the server is shutting down\n"
                                   : "too many streams (kOldStreams, kOldStreamsPerCaller)\n");
  }
  const OldStream opened(*this, exchange, caller);
  const std::string_view target = exchange.request().target;
  std::string url(target.substr(0, target.find_first_of("?#")));
  url.append(kOldStreamQuery).append(opened.id);
  opened.stream->add_raw(http::format_sse_event(url, {}, "endpoint"));
  co_await opened.stream->serve();
}

Task<> HttpEndpoint::State::take_old_message(http::Exchange& exchange, CallerPtr caller) {
  const http::Request& request = exchange.request();
  const std::size_t at = request.target.find(kOldStreamQuery) + kOldStreamQuery.size();
  const std::string_view rest = std::string_view(request.target).substr(at);
  const auto found = old_streams.find(rest.substr(0, rest.find_first_of("&#")));
  // Another caller's stream does not exist for this one (X-3).
  if (found == old_streams.end() || found->second->identity != caller->identity) {
    co_return co_await plain(exchange, 404, "no such stream; open it again\n");
  }
  const std::shared_ptr<LineServer> server = found->second->server;
  const bool taken = co_await server->take(request.body, std::move(caller));
  co_await plain(exchange, taken ? 202 : 503, taken ? "Accepted\n" : "too much is under way\n");
}

void HttpEndpoint::State::end_old_streams(std::string_view identity) {
  for (const auto& [id, stream] : old_streams) {
    if (identity.empty() || stream->identity == identity) stream->stream->end({});
  }
}

}  // namespace gatehouse::mcp_server
