// What servers ask back (elicitation, sampling, roots) on its way to the client: what the client
// declared may be asked, told with the connection's name where the endpoint has several servers
// (reference G-8, E-1). Used by Bridge and by parked calls.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/front.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::gateway {

/// The capabilities that a server is told of: those that `call`'s client declared and can be asked
/// for on this request. Valid as long as the call.
const mcp::ClientCapabilities& relayed_capabilities(const mcp_server::Call& call,
                                                    Front::Extras extensions);

/// The params of a server's request as the person gets to see them: "notes asks: …".
std::string shown_params(std::string_view method, std::string_view params,
                         std::string_view connection, Front::Questions questions);

/// The interaction of a call that runs while its client waits: a legacy client is asked on its
/// stream; a modern one is answered with what a modern server asks, which Bridge does.
class DirectQuestions final : public mcp_client::Interaction {
 public:
  /// All must outlive this.
  DirectQuestions(mcp_server::Call& call, std::string_view connection, Front::Manners manners)
      : call_(call), connection_(connection), manners_(manners) {}

  const mcp::ClientCapabilities& capabilities() const override {
    return relayed_capabilities(call_, manners_.extensions);
  }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override;
  bool relays_input_required() const override { return call_.era() == mcp::Era::modern; }

  /// Tells a client of 2025-11-25 that the pages it was sent to have been dealt with, where we gave
  /// them their ids.
  void tell_completed();

 private:
  mcp_server::Call& call_;
  std::string_view connection_;
  Front::Manners manners_;
  std::vector<std::string> accepted_;  ///< elicitation ids of ours
};

}  // namespace gatehouse::gateway
