// ModernHttpPeer: Streamable HTTP of 2026-07-28: stateless requests that carry their metadata in
// `_meta` and in headers, answered by JSON or by an event stream of their own (§2 of the digest).
// Opened by open_http(). Closing the stream is cancelling (T-7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "jsonrpc/message.hpp"
#include "mcp_client/call_deadline.hpp"
#include "mcp_client/event_reader.hpp"
#include "mcp_client/http_endpoint.hpp"
#include "mcp_client/http_listening.hpp"
#include "mcp_client/mrtr.hpp"
#include "mcp_client/outgoing.hpp"
#include "mcp_client/peer.hpp"
#include "mcp_client/tool_plans.hpp"

namespace gatehouse::mcp_client {

class ModernHttpPeer final : public Peer, private RoundTrip {
 public:
  ModernHttpPeer(HttpTarget target, Parts parts, ServerInfo info);
  ~ModernHttpPeer() override;

  Task<Result<mcp::Answer>> request(mcp::Request request, Interaction* interaction) override;
  const ServerInfo& info() const override { return info_; }
  Task<Result<Followed>> follow(mcp::Interest interest) override;
  Task<> close() override;
  bool alive() const override { return alive_; }

 private:
  /// Sends, and repeats once with what the server's error tells: other headers, another version.
  Task<Result<Answered>> exchange(const mcp::Request& request, std::string_view capabilities,
                                  std::string_view extra_members) override;
  /// The repetition, where `answered` is an error that tells what to do otherwise.
  Task<Result<Answered>> mend(const mcp::Request& request, std::string_view capabilities,
                              std::string_view extra_members, Answered answered);
  Task<Result<Answered>> send_once(const mcp::Request& request, std::string_view capabilities,
                                   std::string_view extra_members);
  Task<Result<Answered>> read_stream(const mcp::Request& request, std::int64_t id,
                                     http::Reply reply, CallDeadline deadline);
  Result<Answered> read_body(const mcp::Request& request, std::int64_t id, http::Reply reply);
  Result<Answered> accept(const jsonrpc::Message& message, std::string bytes);
  Error our_fault(const mcp::RpcError& error);
  http::Headers make_headers(const mcp::Request& request, const Outgoing& out) const;

  bool has_valid_plan(std::string_view tool) const;
  /// tools/call: makes sure that the tool's header plan is known; a refusal met on the way is the
  /// answer.
  Task<Result<std::optional<mcp::Answer>>> ensure_plan(const mcp::Request& request);
  Task<Result<std::optional<mcp::Answer>>> relist(CancelSource* cancel);

  HttpEndpoint endpoint_;
  ServerInfo info_;
  std::string client_info_;
  std::string version_;
  ToolPlans plans_;
  std::shared_ptr<HttpListening> listening_;  // null until something is followed
  std::int64_t next_id_ = 1;
  bool listed_ = false;  // the tools were listed once to learn their headers
  bool proven_ = false;  // the server has answered as a modern one
  bool alive_ = true;
};

}  // namespace gatehouse::mcp_client
