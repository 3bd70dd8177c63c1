// Bridge: one request of an agent, through the pipeline and across the eras (reference §11.3, R-1 …
// R-6; decision 0009). What a server asks back on the way reaches the client in the form that its
// revision has: input_required with a sealed requestState, or a request on its stream. The only
// caller of Pipeline::run() on behalf of agents.
#pragma once

#include <string>
#include <variant>

#include "gateway/agent_caller.hpp"
#include "gateway/front.hpp"
#include "gateway/parked_calls.hpp"
#include "gateway/questions.hpp"
#include "gateway/request_state.hpp"
#include "gateway/sign_in.hpp"

namespace gatehouse::gateway {

class Bridge final {
 public:
  /// All must outlive the bridge.
  struct Parts {
    Pipeline& pipeline;
    Directory& directory;
    SignIn& sign_in;
    ParkedCalls& parked;
    const Clock& clock;
  };
  explicit Bridge(Parts parts) : parts_(parts) {}

  /// This shard's number, which states of parked calls carry. 0 unless told.
  void set_shard(std::size_t shard) { shard_ = shard; }

  /// One coroutine besides the pipeline's: on the path of a call each frame costs.
  Task<mcp_server::Reply> run(mcp_server::Call& call, BridgedCall bridged, const Front& front);

 private:
  /// What a retry brings with it.
  struct Resumed {
    int round = 0;
    std::string extra;   ///< members for the server
    std::string parked;  ///< the call that waits for it; empty: it is sent again
    std::vector<std::pair<std::string, std::string>> answers;
  };
  Task<std::variant<Resumed, mcp_server::Reply>> resume(mcp_server::Call& call,
                                                        const BridgedCall& bridged,
                                                        const Front& front);
  /// What a call that waited is refused for now: it may have been taken from its caller meanwhile.
  Task<std::optional<Refused>> check_parked(mcp_server::Call& call, const BridgedCall& bridged);
  /// Whether the server may ask in the middle of this call, while its client cannot be asked.
  bool may_have_to_wait(const mcp_server::Call& call, const BridgedCall& bridged,
                        const mcp::ClientCapabilities& relayed) const;
  Task<ParkedCalls::Step> run_waiting(mcp_server::Call& call, const AuthenticatedCall& request,
                                      const BridgedCall& bridged, const Resumed& resumed);
  mcp_server::Reply pause(const mcp_server::Call& call, const BridgedCall& bridged,
                          const Front& front, const ParkedCalls::Pause& pause) const;
  Task<mcp_server::Reply> ask(mcp_server::Call& call, const BridgedCall& bridged,
                              const Front& front, const mcp::Success& question, int round);
  Task<mcp_server::Reply> ask_to_open(mcp_server::Call& call, const BridgedCall& bridged,
                                      const Front& front, const mcp::RpcError& error, int round);
  Task<Result<std::int64_t>> epoch_now(mcp_server::Call& call, const std::string& connection);
  RequestState make_state(const mcp_server::Call& call, const BridgedCall& bridged,
                          const Front& front, RequestState::Kind kind, int round) const;

  Parts parts_;
  std::size_t shard_ = 0;
};

}  // namespace gatehouse::gateway
