// ParkedCalls: calls of modern clients that a legacy server has interrupted with a question (R-5,
// G-8; decision 0009). A modern client cannot be asked while its request is under way, so the
// request is answered with input_required while the call itself goes on here, waiting; the client's
// retry brings the answers and waits for the next question or the end. Kept by the shard that the
// call came in on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "async/condition.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "gateway/front.hpp"
#include "gateway/pipeline.hpp"

namespace gatehouse::gateway {

inline constexpr std::size_t kParkedCalls = 1000;              ///< waiting on one shard
inline constexpr std::size_t kParkedCallsPerCaller = 32;       ///< of them for one agent token
inline constexpr std::size_t kParkedBytes = 64UL << 20;        ///< of their input, on one shard
inline constexpr auto kParkedLife = std::chrono::minutes(10);  ///< between two rounds

class ParkedCalls final {
 public:
  struct Settings {
    std::size_t most = kParkedCalls;
    std::size_t most_per_caller = kParkedCallsPerCaller;
    std::size_t most_bytes = kParkedBytes;
    std::chrono::milliseconds life = kParkedLife;
    /// Servers that ask several things at once leave less than this between two of them.
    std::chrono::milliseconds gathering{60};
  };
  /// `pipeline` must outlive this, and `tasks` must have ended before it goes.
  ParkedCalls(Pipeline& pipeline, TaskGroup& tasks, Settings settings);
  ParkedCalls(Pipeline& pipeline, TaskGroup& tasks) : ParkedCalls(pipeline, tasks, Settings{}) {}
  ~ParkedCalls();

  struct Question {
    std::string key;
    std::string method;
    std::string params;  ///< raw object
  };
  /// The server waits for answers. Good for one resume(): the next pause has another round.
  struct Pause {
    std::string id;
    int round = 0;
    std::vector<Question> questions;
  };
  /// There is no such call for that caller in that round: it ended, expired, or the answers were
  /// given already.
  struct Gone {};
  using Step = std::variant<CallOutcome, Pause, Gone>;

  /// A call as its client made it; owned.
  struct Start {
    std::string caller;  ///< Caller::identity
    identity::Principal principal;
    std::string method;
    BridgedCall bridged;  ///< its arguments may be borrowed: they are copied
    std::string extra;
    std::string request_id;
    mcp::ClientCapabilities capabilities;
  };
  /// Runs the call until it ends or pauses. `notes` hears its progress meanwhile (may be null);
  /// `cancelled` while it waits here ends it.
  Task<Step> start(Start call, mcp::NotificationSink* notes, CancelSource& cancelled);

  /// Hands the answers (key, raw result) over and goes on as start() does. Questions without an
  /// answer are asked again.
  Task<Step> resume(std::string id, int round, std::string caller,
                    std::vector<std::pair<std::string, std::string>> answers,
                    mcp::NotificationSink* notes, CancelSource& cancelled);

  /// Nobody wants it any more: the server is told, and the call ends.
  void end(std::string_view id);
  std::size_t size() const { return calls_.size(); }

 private:
  class Call;
  using CallPtr = std::shared_ptr<Call>;

  static Task<> run(CallPtr call, Pipeline& pipeline);
  static Task<> expire(ParkedCalls* self, CallPtr call, int round);
  Task<Step> wait(CallPtr call, mcp::NotificationSink* notes, CancelSource& cancelled);
  /// Whether the call may wait. A caller who has too many waiting loses the oldest for it.
  bool make_room(const Call& call);

  Pipeline& pipeline_;
  TaskGroup& tasks_;
  Settings settings_;
  std::map<std::string, CallPtr, std::less<>> calls_;  ///< paused at least once, by id
  std::uint64_t parked_ = 0;                           ///< counts those that paused
};

}  // namespace gatehouse::gateway
