#include "net/client_pool.hpp"

#include <algorithm>
#include <utility>

namespace gatehouse::net {
namespace {

/// Beyond so many origins, those without connections are forgotten.
constexpr std::size_t kOrigins = 256;

}  // namespace

ClientPool::Slot& ClientPool::Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::exchange(other.pool_, nullptr);
    origin_ = std::move(other.origin_);
    connection = std::move(other.connection);
  }
  return *this;
}

void ClientPool::Slot::release() {
  if (origin_ != nullptr) pool_->give_back(std::exchange(origin_, nullptr), std::move(connection));
  connection = nullptr;
}

void ClientPool::Slot::close() {
  if (connection != nullptr) connection->close();
  connection = nullptr;
}

ClientPool::~ClientPool() {
  for (auto& [name, origin] : origins_) {
    for (const auto& connection : origin->idle) connection->close();
    origin->idle.clear();
  }
}

ClientPool::OriginPtr ClientPool::origin(const std::string& name) {
  if (origins_.size() >= kOrigins && !origins_.contains(name)) {
    std::erase_if(origins_, [](const auto& entry) {
      return entry.second->open == 0 && entry.second.use_count() == 1;
    });
  }
  OriginPtr& origin = origins_[name];
  if (!origin) origin = std::make_shared<Origin>();
  return origin;
}

std::optional<ClientPool::Slot> ClientPool::try_take(const OriginPtr& origin,
                                                     const AddressGuard& guard,
                                                     const Passage& passage) {
  const auto may_use = [&](const auto& connection) {
    return std::ranges::all_of(connection->checked(), [&](const IpAddress& address) {
      return guard.permits(passage, address);
    });
  };
  if (!origin->idle.empty() && may_use(origin->idle.back())) {
    Slot slot(*this, origin);
    slot.connection = std::move(origin->idle.back());
    origin->idle.pop_back();
    slot.connection->unpark();
    return slot;
  }
  if (origin->open >= limits_.per_origin) return std::nullopt;
  ++origin->open;
  return Slot(*this, origin);
}

Task<> ClientPool::wait_for_slot(OriginPtr origin, CallLimit& limit) {
  Event freed(executor_);
  origin->waiting.push_back(&freed);
  struct Leave {
    Origin& origin;
    Event* event;
    ~Leave() { std::erase(origin.waiting, event); }
  } const leave{*origin, &freed};
  // Who was called but cannot come calls the next, or nobody would.
  const auto pass_on = [&origin, &freed] {
    if (std::ranges::find(origin->waiting, &freed) == origin->waiting.end()) on_slot_free(*origin);
  };
  const CallLimit::Phase phase(limit, [&freed] { freed.fire_later(); });
  try {
    if (!limit.stopped()) co_await freed.wait();
  } catch (...) {
    pass_on();
    throw;
  }
  if (limit.stopped()) pass_on();
}

void ClientPool::on_slot_free(Origin& origin) {
  if (origin.waiting.empty()) return;
  origin.waiting.front()->fire_later();
  origin.waiting.pop_front();
}

void ClientPool::give_back(const OriginPtr& origin, std::shared_ptr<ClientConnection> connection) {
  const bool keep = connection != nullptr && connection->is_reusable() &&
                    origin->idle.size() < limits_.idle_per_origin;
  if (keep) {
    auto on_gone = [origin = std::weak_ptr<Origin>(origin), raw = connection.get()] {
      forget(origin, raw);
    };
    connection->park(limits_.idle, std::move(on_gone));
    origin->idle.push_back(std::move(connection));
  } else {
    if (connection != nullptr) connection->close();
    --origin->open;
  }
  on_slot_free(*origin);
}

void ClientPool::forget(const std::weak_ptr<Origin>& origin, const ClientConnection* connection) {
  const OriginPtr alive = origin.lock();
  if (!alive) return;
  std::erase_if(alive->idle, [&](const auto& entry) { return entry.get() == connection; });
  --alive->open;
  on_slot_free(*alive);
}

}  // namespace gatehouse::net
