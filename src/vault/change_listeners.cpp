#include "vault/change_listeners.hpp"

#include <mutex>

namespace gatehouse::vault {

namespace {

struct Listener {
  std::function<void(const Change&)> on_change;
  bool alive = true;
};

}  // namespace

// Recursive, because a listener may drop its own handle on the publishing thread.
struct ChangeListeners::List {
  std::recursive_mutex mutex;
  std::vector<std::shared_ptr<Listener>> listeners;
};

ChangeListeners::ChangeListeners() : list_(std::make_shared<List>()) {}

ChangeListeners::~ChangeListeners() = default;

std::shared_ptr<void> ChangeListeners::add(std::function<void(const Change&)> on_change) {
  auto listener = std::make_shared<Listener>(std::move(on_change));
  const std::lock_guard lock(list_->mutex);
  list_->listeners.push_back(listener);
  // Taking the lock waits for a call under way on another thread.
  return {listener.get(), [list = list_, listener](void*) {
            const std::lock_guard guard(list->mutex);
            listener->alive = false;
          }};
}

void ChangeListeners::publish(const std::vector<Change>& changes) {
  if (changes.empty()) return;
  const std::lock_guard lock(list_->mutex);
  std::erase_if(list_->listeners, [](const auto& listener) { return !listener->alive; });
  const std::vector<std::shared_ptr<Listener>> listeners = list_->listeners;
  for (const auto& listener : listeners) {
    for (const Change& change : changes) {
      if (listener->alive) listener->on_change(change);
    }
  }
}

}  // namespace gatehouse::vault
