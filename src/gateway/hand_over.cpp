#include "gateway/hand_over.hpp"

namespace gatehouse::gateway {
namespace {

/// What lives in the frame that waits, on the connection's shard.
struct Home {
  http::Exchange& exchange;
  Executor loop;
  CancelSource::Registration watch;  ///< made by the proxy's first disconnected()
};

/// The exchange as the handler sees it. All of it but what posts lead to runs on the handler's
/// shard. What never changes is read once, before the crossing.
class Proxy final : public http::Exchange {
 public:
  Proxy(Home& home, Executor here)
      : home_(home),
        request_(home.exchange.request()),
        peer_(home.exchange.peer_address()),
        id_(home.exchange.request_id()),
        here_(std::move(here)),
        gone_(std::make_shared<CancelSource>()) {}

  const http::Request& request() const override { return request_; }
  std::string_view peer_address() const override { return peer_; }
  std::string_view request_id() const override { return id_; }

  Task<> respond(int status, const http::Headers& headers,
                 std::span<const std::string_view> pieces) override {
    return run_on(home_.loop, [&home = home_, status, &headers, pieces] {
      return home.exchange.respond(status, headers, pieces);
    });
  }
  Task<Result<void>> start_stream(int status, const http::Headers& headers) override {
    streaming_ = true;
    return run_on<Result<void>>(home_.loop, [&home = home_, status, &headers] {
      return home.exchange.start_stream(status, headers);
    });
  }
  Task<Result<void>> write(std::string_view bytes) override {
    return run_on<Result<void>>(home_.loop,
                                [&home = home_, bytes] { return home.exchange.write(bytes); });
  }
  Task<> finish() override {
    return run_on(home_.loop, [&home = home_] { return home.exchange.finish(); });
  }
  bool streaming() const override { return streaming_; }
  void close_after_answer() override {
    post_to(home_.loop, [&home = home_] { home.exchange.close_after_answer(); });
  }

  // The post is there before the handler's end is, so that `home_` is still waiting.
  CancelSource& disconnected() override {
    if (!std::exchange(watched_, true)) {
      post_to(home_.loop, [&home = home_, here = here_, gone = gone_] {
        home.watch = home.exchange.disconnected().on_cancel(
            [here, gone] { post_to(here, [gone] { gone->cancel(); }); });
      });
    }
    return *gone_;
  }

 private:
  Home& home_;
  const http::Request& request_;
  const std::string_view peer_;
  const std::string_view id_;
  Executor here_;
  /// Shared with what is posted, which may arrive when this is gone.
  std::shared_ptr<CancelSource> gone_;
  bool watched_ = false;
  bool streaming_ = false;
};

Task<> answer_there(http::Handler& there, Proxy& proxy) {
  co_await there.handle(proxy);
}

}  // namespace

Task<> hand_over(http::Exchange& exchange, ShardPlace place, std::size_t to, http::Handler& there) {
  Home home{exchange, place.shards.loop(place.here), {}};
  Proxy proxy(home, place.shards.loop(to));
  co_await run_on(place.shards.loop(to), [&there, &proxy] { return answer_there(there, proxy); });
}

}  // namespace gatehouse::gateway
