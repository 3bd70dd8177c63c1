// Mailbox<T>: a bounded queue between tasks of one shard.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "async/condition.hpp"
#include "async/task.hpp"

namespace gatehouse {

template <class T>
class Mailbox final {
 public:
  Mailbox(Executor executor, std::size_t capacity) : changed_(executor), capacity_(capacity) {}

  /// False when full or closed; the item is dropped then.
  bool push(T item) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }

  /// The next item; nothing once the box is closed and empty.
  Task<std::optional<T>> pop() {
    while (items_.empty()) {
      if (closed_) co_return std::nullopt;
      co_await changed_.wait();
    }
    T item = std::move(items_.front());
    items_.pop_front();
    co_return std::optional<T>(std::move(item));
  }

  void close() {
    closed_ = true;
    changed_.notify_all();
  }
  bool closed() const { return closed_; }
  std::size_t size() const { return items_.size(); }

 private:
  Condition changed_;
  std::deque<T> items_;
  std::size_t capacity_;
  bool closed_ = false;
};

}  // namespace gatehouse
