// SessionTable: the legacy sessions of one endpoint (reference O-2, X-3): unguessable ids, bound to
// the caller who opened them, bounded in number and in idle time. Time is an argument. Belongs to
// one shard.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mcp_server/session.hpp"

namespace gatehouse::mcp_server {

class SessionTable final {
 public:
  /// `on_end` hears of every session that ends, after it has left the table. What is referred to
  /// outlives the table.
  SessionTable(Executor executor, const EndpointSettings& settings, ReplayStore& replay,
               std::function<void(Session&)> on_end)
      : executor_(executor), settings_(settings), replay_(replay), on_end_(std::move(on_end)) {}
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  /// Opens a session. Where there are too many it ends the one unused for longest without requests
  /// under way: of the same caller when they have their share, else of the caller who has most.
  /// Null when there is none such.
  std::shared_ptr<Session> open(std::shared_ptr<const Caller> caller, SteadyTime now);
  /// The session of that id if it is `identity`'s, now used; null otherwise.
  std::shared_ptr<Session> find(std::string_view id, std::string_view identity, SteadyTime now);
  void end(const std::shared_ptr<Session>& session);
  /// Ends all of one caller; "" all.
  void end_all(std::string_view identity);
  /// Ends the connections that only listen.
  void detach_all();
  /// Ends those that have been idle too long; those never used after initialize go earlier.
  void reap(SteadyTime now);
  std::size_t size() const { return by_id_.size(); }

 private:
  struct Entry;
  using Order = std::list<Entry>;
  using Mine = std::list<Order::iterator>;
  struct Entry {
    std::shared_ptr<Session> session;
    Mine::iterator mine;  ///< where it stands among its caller's
    bool used = false;
  };
  void reap(Order& order, SteadyTime now, Duration idle);
  bool make_room(Mine& mine);
  Mine& greediest(Mine& asking);
  void erase(Order::iterator at);

  Executor executor_;
  const EndpointSettings& settings_;
  ReplayStore& replay_;
  std::function<void(Session&)> on_end_;
  // All three least recently used first.
  Order used_;
  Order fresh_;  ///< never used after initialize
  std::unordered_map<std::string, Mine> callers_;
  std::unordered_map<std::string_view, Order::iterator> by_id_;
};

}  // namespace gatehouse::mcp_server
