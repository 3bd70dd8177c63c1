#include "gateway/retry_door.hpp"

#include <atomic>

#include "gateway/request_state.hpp"

namespace gatehouse::gateway {
namespace {

/// Notifications on their way to a shard that does not keep up; those beyond are dropped.
constexpr int kMostPosted = 1024;

/// A call of another shard. What never changes is read once, before the crossing; the rest goes
/// back to where the client's connection is. The caller waits there until the service has answered.
class FarCall final : public mcp_server::Call {
 public:
  FarCall(mcp_server::Call& home, Executor loop, CancelSource& cancelled)
      : home_(home),
        loop_(std::move(loop)),
        cancelled_(cancelled),
        caller_(home.caller()),
        era_(home.era()),
        protocol_version_(home.protocol_version()),
        method_(home.method()),
        params_(home.params()),
        name_(home.name()),
        arguments_(home.arguments()),
        meta_(home.meta()),
        capabilities_(home.capabilities()),
        input_responses_(home.input_responses()),
        request_state_(home.request_state()),
        request_id_(home.request_id()),
        log_level_(home.log_level()),
        can_ask_(home.can_ask()) {}

  const mcp_server::Caller& caller() const override { return caller_; }
  mcp::Era era() const override { return era_; }
  std::string_view protocol_version() const override { return protocol_version_; }
  std::string_view method() const override { return method_; }
  std::string_view params() const override { return params_; }
  std::string_view name() const override { return name_; }
  std::string_view arguments() const override { return arguments_; }
  std::string_view meta() const override { return meta_; }
  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  std::string_view input_responses() const override { return input_responses_; }
  std::string_view request_state() const override { return request_state_; }
  std::string_view request_id() const override { return request_id_; }
  std::string_view log_level() const override { return log_level_; }
  bool can_ask() const override { return can_ask_; }
  /// Reads the request only, which does not change while its caller waits at home.
  std::optional<mcp_server::Reply::Failure> check_param_headers(
      const mcp::HeaderPlan& plan) const override {
    return home_.check_param_headers(plan);
  }
  CancelSource& cancelled() override { return cancelled_; }

  Task<gatehouse::Result<void>> notify(std::string_view method, std::string_view params) override {
    return run_on<gatehouse::Result<void>>(
        loop_, [&home = home_, method, params] { return home.notify(method, params); });
  }
  void post(std::string_view method, std::string_view params) override {
    if (posted_.fetch_add(1) >= kMostPosted) {
      posted_.fetch_sub(1);
      return;
    }
    post_to(loop_, [this, method = std::string(method), params = std::string(params)] {
      posted_.fetch_sub(1);
      home_.post(method, params);
    });
  }
  Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                           std::string_view params) override {
    return run_on<gatehouse::Result<std::string>>(
        loop_, [&home = home_, method, params] { return home.ask(method, params); });
  }
  Task<> close_stream() override {
    return run_on(loop_, [&home = home_] { return home.close_stream(); });
  }

 private:
  mcp_server::Call& home_;
  Executor loop_;
  CancelSource& cancelled_;
  const mcp_server::Caller& caller_;
  const mcp::Era era_;
  const std::string_view protocol_version_;
  const std::string_view method_;
  const std::string_view params_;
  const std::string_view name_;
  const std::string_view arguments_;
  const std::string_view meta_;
  const mcp::ClientCapabilities& capabilities_;
  const std::string_view input_responses_;
  const std::string_view request_state_;
  const std::string_view request_id_;
  const std::string log_level_;  ///< a copy: a session may be told another meanwhile
  const bool can_ask_;
  std::atomic<int> posted_ = 0;
};

}  // namespace

// No coroutine where nothing crosses: a frame costs.
Task<mcp_server::Reply> RetryDoor::handle(mcp_server::Call& call) {
  if (routes_.place && !call.request_state().empty()) {
    const std::size_t shard = shard_of_request_state(call.request_state());
    // Which shard is readable and may be made up; the one that is asked opens the state.
    const bool elsewhere = shard != routes_.place->here && shard < routes_.place->shards.size();
    if (elsewhere) return answer_there(call, shard);
  }
  return inner_.handle(call);
}

Task<mcp_server::Reply> RetryDoor::answer_by(FarService there, mcp_server::Call& call) {
  mcp_server::Service* const service = there();
  if (service == nullptr) {
    mcp_server::Reply reply;
    reply.value =
        mcp_server::Reply::Failure{-32602, "requestState belongs to another request", {}, 0};
    co_return reply;
  }
  co_return co_await service->handle(call);
}

Task<mcp_server::Reply> RetryDoor::answer_there(mcp_server::Call& call, std::size_t shard) {
  const ShardPlace place = *routes_.place;
  CancelRelay cancel(&call.cancelled(), place.shards.loop(shard));
  FarCall far(call, place.shards.loop(place.here), cancel.there());
  co_return co_await place.shards.run<mcp_server::Reply>(shard, [this, shard, &far] {
    return answer_by([this, shard, &far] { return routes_.find(shard, endpoint_, far.caller()); },
                     far);
  });
}

}  // namespace gatehouse::gateway
