// Session: one legacy session over HTTP (reference O-1, O-2, O-4), and the requests under way on
// it. The table of all is session_table.hpp. Belongs to one shard.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "base/clock.hpp"
#include "mcp_server/endpoint_settings.hpp"
#include "mcp_server/following.hpp"
#include "mcp_server/pending_asks.hpp"
#include "mcp_server/replay.hpp"
#include "mcp_server/service.hpp"
#include "mcp_server/session_stream.hpp"

namespace gatehouse::mcp_server {

/// The requests under way on one session or channel, so that notifications/cancelled finds them.
class RunningCalls final {
 public:
  void add(std::string_view id, std::shared_ptr<CancelSource> cancel);
  void remove(const CancelSource* cancel);
  /// False when no request with that raw id is under way.
  bool cancel(std::string_view id);
  void cancel_all();
  bool empty() const { return calls_.empty(); }
  std::size_t size() const { return calls_.size(); }

 private:
  struct Running {
    std::string id;
    std::shared_ptr<CancelSource> cancel;
  };
  std::vector<Running> calls_;
};

struct Session final : public Follower, public std::enable_shared_from_this<Session> {
  /// What is given outlives the session.
  Session(Executor executor, const EndpointSettings& settings_in, ReplayStore& replay_in)
      : settings(settings_in), replay(replay_in), asks(executor) {}

  const Caller& caller() const override { return *opener; }
  mcp::Era era() const override { return mcp::Era::legacy; }
  const mcp::Interest& interest() const override { return following.granted(); }
  void post(std::string_view method, std::string_view params) override;
  bool can_ask() const override;
  Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                           std::string_view params) override;

  /// What messages go to that belong to no request: the GET stream opened last, or, where there was
  /// one, what its client will come back for. Null: nobody ever listened.
  SessionStream* listening() const;
  /// The live stream of that number; null when there is none.
  std::shared_ptr<SessionStream> find_stream(std::uint32_t number) const;
  /// Forgets lost GET streams, and where there are too many ends the oldest, for a new one.
  void make_listening_room();
  void remove_stream(const SessionStream* stream);
  /// Made at the first event; most sessions have none.
  ReplayLog& log();
  /// Requests are under way.
  bool working() const { return !calls.empty(); }
  /// A client holds a connection for it.
  bool attended() const;
  /// Ends everything of it but the requests, which are cancelled and end by themselves.
  void end_all();

  const EndpointSettings& settings;
  ReplayStore& replay;
  std::string id;
  std::string identity;  ///< Caller::identity of who opened it
  std::shared_ptr<const Caller> opener;
  std::string_view version;
  mcp::ClientCapabilities capabilities;
  SteadyTime last_used;
  PendingAsks asks;
  RunningCalls calls;
  Following following;
  std::uint32_t next_stream = 1;
  std::vector<std::shared_ptr<SessionStream>> streams;  ///< opened last is last
  std::unique_ptr<ReplayLog> kept;
  bool ended = false;
};

}  // namespace gatehouse::mcp_server
