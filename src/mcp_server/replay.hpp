// Replay: the messages of legacy event streams that a client may still come back for by
// Last-Event-ID (reference O-4), bounded per session, per caller and in all, in number, bytes and
// age. The oldest go first; who sends much loses their own, not others'. Belongs to one shard.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace gatehouse::mcp_server {

/// Where in a session an event stands: unique in it, growing within each stream.
struct EventId {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;
  friend bool operator==(const EventId&, const EventId&) = default;
};
/// "3-17".
std::string to_string(EventId id);
std::optional<EventId> parse_event_id(std::string_view text);

class ReplayLog;

class ReplayStore final {
 public:
  struct Bounds {
    std::size_t events = limits::kReplayEvents;
    std::size_t bytes = limits::kReplayBytes;
    std::size_t bytes_per_caller = limits::kReplayBytesPerCaller;
    std::size_t bytes_in_all = limits::kReplayBytesInAll;
    std::chrono::steady_clock::duration age = limits::kReplayAge;
  };
  /// `clock` outlives the store.
  explicit ReplayStore(const Clock& clock) : ReplayStore(clock, Bounds()) {}
  ReplayStore(const Clock& clock, Bounds bounds) : clock_(clock), bounds_(bounds) {}
  ~ReplayStore();
  ReplayStore(const ReplayStore&) = delete;
  ReplayStore& operator=(const ReplayStore&) = delete;

  /// Forgets what is too old.
  void expire();
  std::size_t bytes() const { return bytes_; }

 private:
  friend class ReplayLog;
  struct Event {
    ReplayLog* log;
    EventId id;
    SteadyTime at;
    bool last;  ///< of its stream
    std::string json;
    std::size_t cost() const { return json.size() + 64; }
  };
  struct Share {
    std::size_t bytes = 0;
    std::size_t logs = 0;
  };

  const Clock& clock_;
  Bounds bounds_;
  std::list<Event> events_;  ///< oldest first
  std::map<std::string, Share, std::less<>> shares_;
  std::size_t bytes_ = 0;
};

/// The kept messages of one session.
class ReplayLog final {
 public:
  /// `store` outlives the log.
  ReplayLog(ReplayStore& store, std::string_view identity);
  ~ReplayLog();
  ReplayLog(const ReplayLog&) = delete;
  ReplayLog& operator=(const ReplayLog&) = delete;

  void add(EventId id, std::string_view json, bool last);

  struct Kept {
    EventId id;
    std::string_view json;  ///< valid until the next add() of anybody
  };
  struct Rest {
    std::vector<Kept> events;
    bool gap = false;       ///< some in between are gone
    bool complete = false;  ///< the last message of the stream is among them, or was before
  };
  /// What followed `id` on its stream.
  Rest after(EventId id) const;

 private:
  friend class ReplayStore;
  using Entry = std::list<ReplayStore::Event>::iterator;
  void drop_front();

  ReplayStore& store_;
  std::map<std::string, ReplayStore::Share, std::less<>>::iterator share_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace gatehouse::mcp_server
