// Listening: keeps one subscriptions/listen open at a modern server for as long as something is
// followed (L-1 … L-4): reads the acknowledgement, hands on what it brings without its
// subscriptionId, opens it again when it ends, and then tells that what is followed may have
// changed. HttpListening and LinkListening say how a stream is opened. Shared by its peer and the
// task that reads.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/outgoing.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

class Listening : public std::enable_shared_from_this<Listening> {
 public:
  /// `sink` gets what arrives and may be null; both must outlive the tasks spawned.
  Listening(Parts parts, mcp::NotificationSink* sink) : parts_(parts), sink_(sink) {}
  virtual ~Listening() = default;
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// As Peer::follow(). The stream that was open before ends once the new one is acknowledged. A
  /// server that knows no subscriptions grants nothing and is not asked again.
  Task<Result<Followed>> follow(mcp::Interest interest);
  /// Ends it without waiting. Idempotent.
  void stop();

 protected:
  /// One interest, over all the streams that it takes; replaced by the next one.
  struct Stream {
    Stream(Executor executor, mcp::Interest what) : wanted(std::move(what)), changed(executor) {}
    mcp::Interest wanted;
    CancelSource cancel;
    Condition changed;
    std::optional<Result<Followed>> first;  ///< what the first attempt came to
    std::optional<mcp::Interest> granted;   ///< by the stream that is open
    SteadyTime granted_at{};
    bool told = false;  ///< an earlier stream was open: what is followed may have changed
  };
  /// How one stream ended.
  struct Ended {
    enum class How { broken, refused, unsupported };
    How how = How::broken;
    std::optional<Error> error;
    std::optional<mcp::HttpRefusal> refusal;
  };

  /// Opens one stream and reads until it ends or is cancelled; gives what it brings to
  /// on_message().
  virtual Task<Ended> attend(std::shared_ptr<Stream> stream) = 0;
  /// A notification that names this stream as its subscription.
  void on_message(Stream& stream, const jsonrpc::Message& message);
  /// What follows from an error that the server answered.
  static Ended judge(const mcp::RpcError& error);
  static Outgoing make_body(const Stream& stream, std::int64_t id, std::string_view version,
                            std::string_view client_info);

  Parts parts_;

 private:
  static Task<> run(std::shared_ptr<Listening> self, std::shared_ptr<Stream> stream);
  static Task<Result<bool>> until_answered(std::shared_ptr<Stream> stream);
  void tell_changed(const mcp::Interest& granted);

  mcp::NotificationSink* sink_;
  std::shared_ptr<Stream> current_;
};

}  // namespace gatehouse::mcp_client
