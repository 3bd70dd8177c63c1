// LegacySession: one session of Streamable HTTP as 2025-11-25, 2025-06-18 and 2025-03-26 have it:
// handshake, session header, the GET stream, and answers to what the server asks (O-1 … O-8).
// Shared by LegacyHttpPeer and the background tasks it started.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/active_calls.hpp"
#include "mcp_client/http_endpoint.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

class LegacySession final : public AnswerSender,
                            public std::enable_shared_from_this<LegacySession> {
 public:
  LegacySession(HttpTarget target, Parts parts);

  /// What `initialize` came to; ServerInfo on success, and then the session is ready.
  using Handshake = std::variant<ServerInfo, mcp::HttpRefusal, mcp::RpcError>;
  /// Asks for our newest revision and, where that is refused with 400 or a JSON-RPC error, for the
  /// next older ones. Errors: those of HttpEndpoint::post, rejected with the status in
  /// `last_status()`, unsupported.
  Task<Result<Handshake>> initialize();
  int last_status() const { return last_status_; }

  /// Re-initializes unless somebody already has since `generation`. Several tasks may ask at once.
  Task<Result<Handshake>> renew(std::uint64_t generation);
  std::uint64_t generation() const { return generation_; }

  /// Opens the GET stream in the background.
  void listen();
  /// Returns once the server has answered the GET, or after a second: what it sends there about the
  /// first call must not be missed, and a GET that arrives during a call could be taken for its
  /// resumption.
  Task<> listening();
  /// Ends the session: DELETE, and the GET stream is closed.
  Task<> close();
  /// Stops the background without a word to the server.
  void stop();
  /// The server does not know the session any more, as the GET stream was told.
  bool is_lost() const { return lost_; }
  /// False once the GET stream is gone for good although the server offers one.
  bool hears() const { return !lost_ && !deaf_; }

  http::Headers headers() const;
  bool has_session_id() const { return !session_id_.empty(); }
  std::int64_t next_id() { return next_id_++; }
  HttpEndpoint& endpoint() { return endpoint_; }
  const ServerInfo& info() const { return info_; }

  ActiveCalls& calls() { return calls_; }
  /// Errors are logged: who waits for the answer is the server.
  Task<> send_answer(std::string body) override;
  /// Tells the server, in the background, that a request was given up (C-1).
  void give_up(std::int64_t id, std::string reason);

 private:
  Task<Result<Handshake>> ask(std::string_view version);
  bool refuses_version(const Result<Handshake>& handshake) const;
  Task<Result<std::string>> read_handshake(http::Reply reply, std::int64_t id);
  Result<Handshake> on_handshake(const http::Reply& reply, std::string_view body, std::int64_t id);
  static Task<> run_listen(std::shared_ptr<LegacySession> self, std::shared_ptr<CancelSource> stop);
  static Task<Result<bool>> wait_for_listen(std::shared_ptr<LegacySession> self);
  Task<bool> read_listen(http::Reply reply, CancelSource& stop, std::string& last_event_id,
                         std::chrono::milliseconds& retry);
  void on_listened(std::string_view data);
  static Task<> post_quietly(std::shared_ptr<LegacySession> self, std::string body);

  HttpEndpoint endpoint_;
  std::string client_info_;
  std::string session_id_;
  ServerInfo info_;
  std::string_view asked_for_ = mcp::kLegacyVersions.front();  // a new session starts from here
  std::int64_t next_id_ = 1;
  std::uint64_t generation_ = 0;
  int last_status_ = 0;
  bool renewing_ = false;
  Condition changed_;  // a renewal or a background answer has ended
  ActiveCalls calls_;
  std::shared_ptr<CancelSource> listening_;
  bool listen_answered_ = false;
  bool deaf_ = false;
  bool lost_ = false;
  std::optional<Result<Handshake>> last_renewal_;  // for those who waited for it
};

/// False when cancelled, at once. `cancel` may be null.
Task<bool> pause(std::chrono::milliseconds duration, CancelSource* cancel);

}  // namespace gatehouse::mcp_client
