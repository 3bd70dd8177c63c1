// Legacy sessions over HTTP (reference O-1, O-2, X-3): unguessable ids, bound to the caller who
// opened them, bounded in number and in idle time. Time is an argument. Belongs to one shard.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/cancel.hpp"
#include "base/clock.hpp"
#include "mcp/request.hpp"
#include "mcp_server/endpoint_settings.hpp"
#include "mcp_server/pending_asks.hpp"

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

struct Session {
  explicit Session(Executor executor) : asks(executor) {}
  std::string id;
  std::string identity;  ///< Caller::identity of who opened it
  std::string_view version;
  mcp::ClientCapabilities capabilities;
  SteadyTime last_used;
  PendingAsks asks;
  RunningCalls calls;
};

class SessionTable final {
 public:
  SessionTable(Executor executor, const EndpointSettings& settings)
      : executor_(executor), settings_(settings) {}

  /// Opens a session. Makes room by ending the least recently used one without requests under way:
  /// of the same caller when they have their share, of anyone when the table is full. Null when
  /// there is none such.
  std::shared_ptr<Session> open(std::string_view identity, SteadyTime now);
  /// The session of that id if it is `identity`'s, now used; null otherwise.
  std::shared_ptr<Session> find(std::string_view id, std::string_view identity, SteadyTime now);
  void end(const std::shared_ptr<Session>& session);
  /// Ends all of one caller; "" all.
  void end_all(std::string_view identity);
  /// Ends those that have been idle too long.
  void reap(SteadyTime now);
  std::size_t size() const { return by_id_.size(); }

 private:
  using Order = std::list<std::shared_ptr<Session>>;
  /// Ends the oldest session without requests under way, of `identity` or, when empty, of anyone.
  bool make_room(std::string_view identity);
  void erase(Order::iterator at);

  Executor executor_;
  const EndpointSettings& settings_;
  Order order_;  ///< least recently used first
  std::unordered_map<std::string_view, Order::iterator> by_id_;
  std::unordered_map<std::string, std::size_t> per_caller_;
};

}  // namespace gatehouse::mcp_server
