// MessageLink: JSON-RPC over one carrier of messages, the lines of a child process or HTTP+SSE of
// 2024-11-05: correlates answers with requests, answers what the server asks, tells everybody when
// the other side is gone (§3 of the digest, O-10). Shared by LinkPeer, SsePeer and the task that
// reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/condition.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_client/active_calls.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/mrtr.hpp"

namespace gatehouse::mcp_client {

/// Carries messages both ways. Belongs to one shard.
class Carrier {
 public:
  /// Ends what is behind it at once.
  virtual ~Carrier() = default;
  /// Sends one message; several tasks may. An HttpRefusal where the transport was answered 401 or
  /// 403. Errors: unavailable (the other side is gone), session_lost (it does not know us any more
  /// and has not looked at the message), those of http::Client.
  virtual Task<Result<std::optional<mcp::HttpRefusal>>> send(std::string message) = 0;
  /// The next message; nothing at the end. One reader at a time.
  virtual Task<Result<std::optional<std::string>>> receive() = 0;
  /// Ends it politely. Pending receives end with nothing. Idempotent.
  virtual Task<> close() = 0;
  /// How the other side ended, for error texts; empty when nothing is known.
  virtual std::string epitaph() const = 0;
};

struct LinkSettings {
  std::string name;  ///< of the other side, for messages: the command, the URL
  ClientIdentity client;
  mcp::ClientCapabilities capabilities;
  Interaction* interaction = nullptr;              ///< must outlive the link
  mcp::NotificationSink* notifications = nullptr;  ///< outside of any request; must outlive it
  std::shared_ptr<const void> owner;               ///< kept as long as the link: of what it uses
};

/// "NAME is gone", and how when that is known.
std::string obituary_of(std::string_view name, std::string_view epitaph);

class MessageLink final : public AnswerSender, public std::enable_shared_from_this<MessageLink> {
 public:
  MessageLink(std::unique_ptr<Carrier> carrier, LinkSettings settings, Parts parts);

  /// Starts the reader. It ends with the carrier.
  void start();
  /// Sends `body`, a request with this id, and awaits its answer. `interaction` answers what the
  /// server asks meanwhile (legacy servers only).
  Task<Result<Answered>> call(std::int64_t id, std::string body, const mcp::Request& request,
                              Interaction* interaction);
  Task<> send_answer(std::string body) override;
  /// Sends a notification or an answer. Errors: those of Carrier::send, rejected for a refusal.
  Task<Result<void>> send(std::string message);

  /// A subscriptions/listen under way at a modern server; lives in the frame of whoever reads it.
  struct Subscription {
    std::function<void(const jsonrpc::Message&)> on_notification;
    std::function<void()> on_end;
    bool ended = false;
    std::optional<mcp::RpcError> error;  ///< how it ended, where the server answered with one
  };
  /// From now on `subscription` gets what names the request `id` as its subscription.
  void subscribe(std::int64_t id, Subscription& subscription) {
    subscriptions_[id] = &subscription;
  }
  void unsubscribe(std::int64_t id) { subscriptions_.erase(id); }

  Task<> close();
  /// Closes in the background, for destructors.
  void close_later();

  std::int64_t next_id() { return next_id_++; }
  bool alive() const { return alive_; }
  const LinkSettings& settings() const { return settings_; }
  const Parts& parts() const { return parts_; }
  /// "`command` is gone: exit status 1, …", for errors.
  std::string obituary() const;

 private:
  /// A call under way; lives in the frame of call().
  struct Pending {
    Pending(Executor executor, ActiveCallPtr of) : answered(executor), call(std::move(of)) {}
    Condition answered;
    ActiveCallPtr call;
    std::optional<Result<Answered>> answer;
  };

  static Task<> run_reader(std::shared_ptr<MessageLink> self);
  static Task<> run_close(std::shared_ptr<MessageLink> self);
  static Task<> send_quietly(std::shared_ptr<MessageLink> self, std::string message);
  static Task<Result<bool>> until_answered(Pending& pending);
  Task<Result<Answered>> await_answer(std::int64_t id, Pending& pending,
                                      const mcp::Request& request);
  void on_bytes(std::string bytes);
  void on_message(const jsonrpc::Message& message);
  void on_notification(const jsonrpc::Message& message);
  bool on_subscribed(const jsonrpc::Message& message);
  void end_subscription(std::int64_t id, std::optional<mcp::RpcError> error);
  void on_end(std::string_view why);
  void give_up(std::int64_t id, std::string reason);

  std::unique_ptr<Carrier> carrier_;
  LinkSettings settings_;
  Parts parts_;
  std::map<std::int64_t, Pending*> pending_;
  std::map<std::int64_t, Subscription*> subscriptions_;
  std::int64_t next_id_ = 1;
  bool alive_ = true;
  bool reading_ = false;
  ActiveCalls calls_;
};

}  // namespace gatehouse::mcp_client
