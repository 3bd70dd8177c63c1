#include "mcp_server/keep_alive.hpp"

#include "async/timer.hpp"

namespace gatehouse::mcp_server {

void KeepAliveEntry::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

KeepAlive::KeepAlive(TaskGroup& tasks, std::chrono::milliseconds every)
    : tasks_(tasks), every_(every) {
  head_.previous_ = head_.next_ = &head_;
}

KeepAlive::~KeepAlive() {
  while (!empty()) head_.next_->unlink();
}

void KeepAlive::add(KeepAliveEntry& entry) {
  entry.unlink();
  entry.previous_ = head_.previous_;
  entry.next_ = &head_;
  entry.previous_->next_ = &entry;
  head_.previous_ = &entry;
  if (running_) return;
  running_ = true;
  tasks_.spawn("keep_alive", run());
}

Task<> KeepAlive::run() {
  while (!empty()) {
    co_await sleep_for(every_);
    // Entries come and go while they are told: a mark in the ring says where this round ends.
    Head mark;
    add(mark);
    while (head_.next_ != &mark) {
      KeepAliveEntry& entry = *head_.next_;
      add(entry);
      entry.on_tick();
    }
  }
  running_ = false;
}

}  // namespace gatehouse::mcp_server
