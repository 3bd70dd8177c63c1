// ClientPool: connections by origin: those at rest, newest first, and a bound on how many are open.
// Who wants a connection takes a Slot first. Used by GuardedClient; of one shard.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/address_guard.hpp"
#include "net/call_limit.hpp"
#include "net/http_client_connection.hpp"

namespace gatehouse::net {

class ClientPool final {
 public:
  struct Limits {
    std::size_t per_origin = limits::kPoolPerOrigin;
    std::size_t idle_per_origin = 64;  ///< at rest; more are closed after their answer
    std::chrono::steady_clock::duration idle = limits::kClientIdle;
  };
  /// All connections to one origin.
  struct Origin {
    std::size_t open = 0;  ///< slots taken and connections at rest
    std::vector<std::shared_ptr<ClientConnection>> idle;
    std::deque<Event*> waiting;
  };
  using OriginPtr = std::shared_ptr<Origin>;

  /// The right to one connection. Its end puts the connection to rest if it can be reused, and
  /// closes it otherwise. The pool must outlive it.
  class Slot final {
   public:
    Slot() = default;
    Slot(ClientPool& pool, OriginPtr origin) : pool_(&pool), origin_(std::move(origin)) {}
    Slot(Slot&& other) noexcept = default;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot() { release(); }
    void release();
    /// Closes the connection, if there is one, and keeps the right to another.
    void close();
    std::shared_ptr<ClientConnection> connection;

   private:
    ClientPool* pool_ = nullptr;
    OriginPtr origin_;
  };

  ClientPool(Executor executor, Limits limits) : executor_(executor), limits_(limits) {}
  /// Closes what is at rest.
  ~ClientPool();
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;

  OriginPtr origin(const std::string& name);
  /// A slot with the connection used last, if the guard permits this request to use it; otherwise
  /// with none. Nothing when the origin's bound is reached.
  std::optional<Slot> try_take(const OriginPtr& origin, const AddressGuard& guard,
                               const Passage& passage);
  /// Returns when a slot may have become free, or the limit has stopped.
  Task<> wait_for_slot(OriginPtr origin, CallLimit& limit);

 private:
  void give_back(const OriginPtr& origin, std::shared_ptr<ClientConnection> connection);
  static void forget(const std::weak_ptr<Origin>& origin, const ClientConnection* connection);
  static void on_slot_free(Origin& origin);

  Executor executor_;
  Limits limits_;
  std::unordered_map<std::string, OriginPtr> origins_;
};

}  // namespace gatehouse::net
