#include "net/deadline_wheel.hpp"

#include <bit>
#include <cassert>

#include "async/timer.hpp"
#include "net/background_wait.hpp"

namespace gatehouse::net {

using SteadyClock = std::chrono::steady_clock;

/// Outlives the wheel while a wait that was aborted is still queued.
struct DeadlineWheel::Alarm {
  explicit Alarm(Executor executor) : timer(executor), background(executor) {}
  ShardTimer timer;
  BackgroundWait background;
  DeadlineWheel* wheel = nullptr;
  std::uint64_t generation = 0;
};

Deadline::Deadline(DeadlineWheel& wheel, std::function<void()> on_expiry)
    : wheel_(wheel), on_expiry_(std::move(on_expiry)) {}

void Deadline::set(SteadyClock::duration from_now) {
  clear();
  tick_ = wheel_.tick_of(SteadyClock::now() + from_now) + 1;
  wheel_.link(*this);
}

void Deadline::clear() {
  if (linked_) wheel_.unlink(*this);
}

DeadlineWheel::DeadlineWheel(Executor executor)
    : alarm_(std::make_shared<Alarm>(executor)), start_(SteadyClock::now()) {
  alarm_->wheel = this;
}

DeadlineWheel::~DeadlineWheel() {
  assert(count_ == 0);
  alarm_->wheel = nullptr;
  ++alarm_->generation;
  alarm_->background.end();
  alarm_->timer.cancel();
}

std::uint64_t DeadlineWheel::tick_of(SteadyClock::time_point time) const {
  return time <= start_ ? 0 : static_cast<std::uint64_t>((time - start_) / kTick);
}

void DeadlineWheel::link(Deadline& deadline) {
  if (deadline.tick_ <= swept_) deadline.tick_ = swept_ + 1;
  const std::size_t slot = deadline.tick_ % kSlots;
  deadline.previous_ = nullptr;
  deadline.next_ = slots_[slot];
  if (deadline.next_ != nullptr) deadline.next_->previous_ = &deadline;
  slots_[slot] = &deadline;
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  deadline.linked_ = true;
  ++count_;
  if (alarm_tick_ == 0 || deadline.tick_ < alarm_tick_) schedule(deadline.tick_);
}

void DeadlineWheel::unlink(Deadline& deadline) {
  const std::size_t slot = deadline.tick_ % kSlots;
  if (deadline.previous_ != nullptr) {
    deadline.previous_->next_ = deadline.next_;
  } else {
    slots_[slot] = deadline.next_;
  }
  if (deadline.next_ != nullptr) deadline.next_->previous_ = deadline.previous_;
  if (slots_[slot] == nullptr) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  deadline.linked_ = false;
  --count_;
}

void DeadlineWheel::schedule(std::uint64_t tick) {
  alarm_tick_ = tick;
  const std::uint64_t generation = ++alarm_->generation;
  alarm_->background.end();
  alarm_->timer.expires_at(start_ + kTick * static_cast<std::int64_t>(tick));
  alarm_->timer.async_wait([alarm = alarm_, generation](const boost::system::error_code&) {
    if (alarm->wheel == nullptr || alarm->generation != generation) return;
    alarm->background.end();
    alarm->wheel->on_timer();
  });
  alarm_->background.begin();
}

/// The next occupied slot may hold a deadline of a later round: then the alarm looks in vain, once.
void DeadlineWheel::schedule_next() {
  alarm_tick_ = 0;
  if (count_ == 0) return;
  std::uint64_t tick = swept_ + 1;
  while (true) {
    const std::size_t slot = tick % kSlots;
    const std::uint64_t rest = occupied_[slot / 64] >> (slot % 64);
    if (rest != 0) {
      schedule(tick + static_cast<std::uint64_t>(std::countr_zero(rest)));
      return;
    }
    tick += 64 - slot % 64;
  }
}

void DeadlineWheel::on_timer() {
  const std::uint64_t now = tick_of(SteadyClock::now());
  const std::uint64_t last = std::min(now, swept_ + kSlots);
  // A callback may link, unlink and destroy any entry, so each search starts anew. An entry linked
  // meanwhile gets a tick after `now`.
  for (std::uint64_t tick = swept_ + 1; tick <= last; ++tick) {
    const std::size_t slot = tick % kSlots;
    if ((occupied_[slot / 64] >> (slot % 64) & 1) == 0) continue;
    bool found = true;
    while (found) {
      found = false;
      for (Deadline* entry = slots_[slot]; entry != nullptr; entry = entry->next_) {
        if (entry->tick_ > now) continue;
        unlink(*entry);
        const std::function<void()> on_expiry = entry->on_expiry_;
        on_expiry();
        found = true;
        break;
      }
    }
  }
  swept_ = std::max(swept_, now);
  schedule_next();
}

}  // namespace gatehouse::net
