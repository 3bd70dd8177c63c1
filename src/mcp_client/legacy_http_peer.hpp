// LegacyHttpPeer: requests over a LegacySession: JSON and event-stream answers, resumption with
// Last-Event-ID, the loss of the session. Opened by open_http().
#pragma once

#include <memory>
#include <optional>

#include "mcp_client/legacy_following.hpp"
#include "mcp_client/legacy_session.hpp"

namespace gatehouse::mcp_client {

class EventReader;

class LegacyHttpPeer final : public Peer {
 public:
  /// `session` has been initialized.
  explicit LegacyHttpPeer(std::shared_ptr<LegacySession> session);
  ~LegacyHttpPeer() override;

  Task<Result<mcp::Answer>> request(mcp::Request request, Interaction* interaction) override;
  const ServerInfo& info() const override { return session_->info(); }
  Task<Result<Followed>> follow(mcp::Interest interest) override;
  bool hears() const override { return alive_ && session_->hears(); }
  Task<> close() override;
  bool alive() const override { return alive_; }

 private:
  Task<Result<mcp::Answer>> call_once(const mcp::Request& request, Interaction* interaction);
  /// `cancel` is the request's, or one that watch() cancels as well.
  Task<Result<mcp::Answer>> send(const mcp::Request& request, const ActiveCallPtr& call,
                                 CancelSource* cancel);
  /// Cancels `silence` when the server's time is over. Ends with the call.
  static Task<> watch(std::shared_ptr<LegacySession> session, ActiveCallPtr call,
                      CancelSource& silence);
  Result<mcp::Answer> on_body(const mcp::Request& request, const ActiveCallPtr& call,
                              http::Reply reply);
  Task<Result<mcp::Answer>> read_streams(const mcp::Request& request, const ActiveCallPtr& call,
                                         http::Reply reply, CancelSource* cancel);
  /// One stream until its end: the answer, or nothing when the stream ended before it.
  Task<Result<std::optional<mcp::Answer>>> read_stream(const mcp::Request& request,
                                                       const ActiveCallPtr& call,
                                                       EventReader& reader, CancelSource* cancel);
  /// The answer to `call` among the messages of one body or event; others are dealt with.
  Result<std::optional<mcp::Answer>> take_messages(const ActiveCallPtr& call, std::string bytes);

  /// A new session after the server forgot the old one; a refusal met on the way. Errors:
  /// session_lost.
  Task<Result<std::optional<mcp::HttpRefusal>>> renew(std::uint64_t generation);

  std::shared_ptr<LegacySession> session_;
  LegacyFollowing following_;
  std::uint64_t told_generation_;  // of the session that following_ speaks of
  bool alive_ = true;
};

}  // namespace gatehouse::mcp_client
