#include "mcp_server/replay.hpp"

#include <cassert>
#include <charconv>

namespace gatehouse::mcp_server {
namespace {

template <class Number>
bool read(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string to_string(EventId id) {
  return std::to_string(id.stream) + "-" + std::to_string(id.number);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  EventId id;
  if (dash == std::string_view::npos || !read(text.substr(0, dash), id.stream) ||
      !read(text.substr(dash + 1), id.number)) {
    return std::nullopt;
  }
  return id;
}

ReplayStore::~ReplayStore() {
  assert(shares_.empty());
}

void ReplayStore::expire() {
  const SteadyTime now = clock_.steady_now();
  while (!events_.empty() && now - events_.front().at >= bounds_.age) {
    events_.front().log->drop_front();
  }
}

ReplayLog::ReplayLog(ReplayStore& store, std::string_view identity)
    : store_(store), share_(store.shares_.try_emplace(std::string(identity)).first) {
  ++share_->second.logs;
}

ReplayLog::~ReplayLog() {
  while (!entries_.empty()) drop_front();
  if (--share_->second.logs == 0) store_.shares_.erase(share_);
}

/// The oldest of this log is the oldest of all when the store drops its front: both are in order.
void ReplayLog::drop_front() {
  const Entry entry = entries_.front();
  entries_.pop_front();
  const std::size_t cost = entry->cost();
  bytes_ -= cost;
  share_->second.bytes -= cost;
  store_.bytes_ -= cost;
  store_.events_.erase(entry);
}

void ReplayLog::add(EventId id, std::string_view json, bool last) {
  store_.events_.push_back({this, id, store_.clock_.steady_now(), last, std::string(json)});
  entries_.push_back(std::prev(store_.events_.end()));
  const std::size_t cost = entries_.back()->cost();
  bytes_ += cost;
  share_->second.bytes += cost;
  store_.bytes_ += cost;
  const ReplayStore::Bounds& bounds = store_.bounds_;
  while (entries_.size() > bounds.events || bytes_ > bounds.bytes) drop_front();
  while (share_->second.bytes > bounds.bytes_per_caller && !entries_.empty()) drop_front();
  while (store_.bytes_ > bounds.bytes_in_all) store_.events_.front().log->drop_front();
}

ReplayLog::Rest ReplayLog::after(EventId id) const {
  Rest rest;
  std::uint64_t expected = id.number + 1;
  for (const Entry& entry : entries_) {
    if (entry->id.stream != id.stream) continue;
    if (entry->last) rest.complete = true;
    if (entry->id.number <= id.number) continue;
    if (entry->id.number != expected) rest.gap = true;
    expected = entry->id.number + 1;
    rest.events.push_back({entry->id, entry->json});
  }
  return rest;
}

}  // namespace gatehouse::mcp_server
