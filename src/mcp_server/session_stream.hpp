// SessionStream: one stream of messages to a legacy client, whatever connection carries it just
// now: the answer to a POST, or what a GET listens to. Every message gets an event id and is kept
// for a while, so that a client that lost its connection can come back (reference O-3, O-4). Each
// message goes to one stream only. Private to mcp_server/.
#pragma once

#include <memory>
#include <string_view>

#include "mcp_server/event_stream.hpp"
#include "mcp_server/replay.hpp"

namespace gatehouse::mcp_server {

struct Session;

class SessionStream final {
 public:
  enum class Kind { call, listening };
  /// `session` outlives the stream.
  SessionStream(Session& session, Kind kind);
  SessionStream(const SessionStream&) = delete;
  SessionStream& operator=(const SessionStream&) = delete;

  Kind kind() const { return kind_; }
  std::uint32_t number() const { return number_; }
  bool attached() const { return outlet_ != nullptr && outlet_->is_open(); }

  /// From now on `outlet` carries it; one that did before ends. A client of 2025-11-25 is told at
  /// once where it stands ("priming").
  void attach(std::shared_ptr<EventStream> outlet);
  /// The same for a client that comes back: first what it missed.
  void resume(std::shared_ptr<EventStream> outlet, const ReplayLog::Rest& missed);
  /// Writes what was missed of a stream.
  static void replay(EventStream& outlet, const ReplayLog::Rest& missed);
  /// Ends the connection that carries it; the stream goes on.
  void detach();

  /// One message. Without a connection it waits for the client to come back. Errors: session_lost.
  Task<Result<void>> send(std::string_view json);
  void post(std::string_view json);
  /// The last message.
  void close(std::string_view json);
  /// The same for whoever sends it over `outlet` alone. False when something else carries it now;
  /// then it has been done.
  bool close_over(const EventStream& outlet, std::string_view json, std::string& id);

 private:
  std::string record(std::string_view json, bool last);

  Session& session_;
  const Kind kind_;
  const std::uint32_t number_;
  std::uint64_t next_ = 1;
  std::shared_ptr<EventStream> outlet_;
};

}  // namespace gatehouse::mcp_server
