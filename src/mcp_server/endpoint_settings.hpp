// What the HTTP and the line endpoint of this library can be told. Made by app/wiring and demo/.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/limits.hpp"

namespace gatehouse::mcp_server {

/// Which protocol eras an endpoint speaks (specification: versioning, "dual-era").
enum class Eras { both, modern_only, legacy_only };

/// What a service may ask a legacy client: what it declared, or anything, as many servers of those
/// revisions do. The latter is for servers that play such a one.
enum class Asks { declared, anything };

/// Whether HTTP+SSE of 2024-11-05 is served where legacy clients are (reference O-10).
enum class OldTransport { served, refused };

struct EndpointSettings {
  std::string path;  ///< requests for another path get 404; empty: whoever routes has decided
  Eras eras = Eras::both;
  OldTransport old_transport = OldTransport::served;
  /// What tools/list and server/discover allow to be kept (K-1), unless the service says ttlMs
  /// itself. Always private: what is listed depends on who asks.
  std::chrono::milliseconds cache_ttl{0};
  /// How long a client may take to answer a request of ours, a person included.
  std::chrono::milliseconds ask_timeout = limits::kCallTimeoutMax;
  Asks asks = Asks::declared;
  /// A silent event stream gets a comment line this often.
  std::chrono::milliseconds keep_alive = std::chrono::seconds(15);
  /// Legacy sessions over HTTP.
  std::size_t max_sessions = limits::kSessions;
  std::size_t max_sessions_per_caller = limits::kSessionsPerCaller;
  std::chrono::milliseconds session_idle = limits::kSessionIdle;
  /// Makes the id of a new session for Caller::identity: unguessable, visible ASCII. Empty: 256
  /// random bits. A gateway of several shards seals into it where the session lives.
  std::function<std::string(std::string_view identity)> make_session_id;
  /// When a legacy client whose stream has ended is to come back for the rest.
  std::chrono::milliseconds retry = std::chrono::seconds(1);
  /// HTTP+SSE streams.
  std::size_t max_old_streams = limits::kOldStreams;
  std::size_t max_old_streams_per_caller = limits::kOldStreamsPerCaller;
  /// Open subscriptions/listen of one caller.
  std::size_t max_listens_per_caller = limits::kListens;
  /// Requests under way on one line channel; more are refused.
  std::size_t max_line_calls = limits::kCallsPerUpstream;
};

}  // namespace gatehouse::mcp_server
