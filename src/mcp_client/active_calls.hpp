// ActiveCalls: the requests of ours that are under way in one session, and which of them a message
// of the server concerns: what comes on the GET stream or over lines does not say. Progress names
// its request by our token; a server's request goes to the latest call whose requester can answer
// it and was asked nothing yet, else to the latest, and to another one when that ends first; a log
// message to the only call there is, else it concerns none. All calls of a session are of one
// principal. Owned by LegacySession and MessageLink.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_client/call_deadline.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

/// One request under way. Shared with the answers to what the server asks meanwhile, which may
/// outlive a call that is torn down by an exception.
struct ActiveCall {
  ActiveCall(std::int64_t id_in, Interaction* interaction_in, mcp::NotificationSink* sink_in,
             CallDeadline until)
      : id(id_in), interaction(interaction_in), sink(sink_in), deadline(until) {}

  std::int64_t id;
  Interaction* interaction;
  mcp::NotificationSink* sink;
  CallDeadline deadline;
  int questions = 0;      ///< requests of the server that were taken for its own
  int answering = 0;      ///< of them, those that are answered now
  int asking = 0;         ///< of them, those that wait for `interaction`
  SteadyTime asked_at{};  ///< since when
  bool firm = false;      ///< mcp::Request::firm_timeout: a person's time counts as well
  CancelSource over;      ///< the call has ended: nobody waits for answers
  std::set<std::string, std::less<>> refused;  ///< methods that nobody here could answer

  /// Time in which a person is asked is no time of the server.
  bool expired(SteadyTime now) const { return (asking == 0 || firm) && deadline.expired(now); }
  /// How long to wait for the server before looking again.
  std::chrono::milliseconds remaining(SteadyTime now) const;
};
using ActiveCallPtr = std::shared_ptr<ActiveCall>;

/// Sends answers of ours to the server.
class AnswerSender {
 public:
  virtual ~AnswerSender() = default;
  virtual Task<> send_answer(std::string body) = 0;
};

class ActiveCalls final {
 public:
  struct Settings {
    std::string server;                              ///< for the log
    mcp::ClientCapabilities declared;                ///< by the session
    Interaction* outside = nullptr;                  ///< answers what belongs to no call
    mcp::NotificationSink* notifications = nullptr;  ///< hears what belongs to no call
  };
  ActiveCalls(Settings settings, Parts parts)
      : settings_(std::move(settings)), parts_(parts), changed_(parts.tasks.executor()) {}

  void enter(const ActiveCallPtr& call) { calls_[call->id] = call; }
  /// Nobody new may ask on its behalf; who still asks is told that it is over.
  void leave(const ActiveCallPtr& call);
  /// Returns when no answer uses the interaction of a call that was left.
  Task<> settle(ActiveCallPtr call);

  /// `call`: the one on whose own stream it came; null where streams are shared.
  void on_notification(const jsonrpc::Message& message, const ActiveCallPtr& call);
  /// Answers in the background, kServerRequests at once; `owner` keeps `sender` and this.
  void on_request(const jsonrpc::Message& message, ActiveCallPtr call,
                  const std::shared_ptr<AnswerSender>& owner);
  /// What the call came to, seen by its requester: where the server asked for what they had not
  /// declared and then failed, the error says what is missing (B-7).
  static mcp::Answer judge(mcp::Answer answer, const ActiveCall& call);

 private:
  ActiveCallPtr only_listener() const;
  ActiveCallPtr call_for(std::string_view method, std::string_view params) const;
  bool may_answer(const Interaction* interaction, std::string_view method,
                  std::string_view params) const;
  struct Question {
    std::string raw_id;
    std::string method;
    std::string params;
    bool own_stream = false;  ///< it is known whose it is
  };
  void give(const ActiveCallPtr& call);
  void take_back(const ActiveCallPtr& call);
  static Task<> answer(std::shared_ptr<AnswerSender> owner, ActiveCalls* self, Question question,
                       ActiveCallPtr call);
  /// Nothing when the call ended first.
  Task<std::optional<std::string>> make_answer(const Question& question, const ActiveCallPtr& call);

  Settings settings_;
  Parts parts_;
  std::map<std::int64_t, ActiveCallPtr> calls_;
  int answering_ = 0;
  Condition changed_;  // an answer was sent
};

}  // namespace gatehouse::mcp_client
