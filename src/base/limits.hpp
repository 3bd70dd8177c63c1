// Every bound in one place, with unit and reason (design: rule 9). A limit that is hit is reported
// by name with Errc::too_large.
#pragma once

#include <chrono>
#include <cstddef>

namespace gatehouse::limits {

using namespace std::chrono_literals;

// HTTP
inline constexpr std::size_t kHeaderBytes =
    32 * 1024;  ///< one message's head; large enough for JWT bearers
inline constexpr std::size_t kHeaderCount = 128;  ///< fields in one head
inline constexpr std::size_t kRequestBodyBytes =
    4 * 1024 * 1024;  ///< what an agent may send in one request
inline constexpr std::size_t kUpstreamBodyBytes =
    16 * 1024 * 1024;  ///< one JSON answer of an upstream, decompressed
inline constexpr std::size_t kDiscoveryBodyBytes =
    1024 * 1024;  ///< metadata, registration and token documents
inline constexpr std::size_t kSseEventBytes =
    16 * 1024 * 1024;                           ///< one SSE event; a result may be one event
inline constexpr int kRedirects = 5;            ///< per request, each hop checked anew
inline constexpr auto kResolveTimeout = 5s;     ///< name resolution
inline constexpr auto kConnectTimeout = 10s;    ///< TCP and TLS, each address
inline constexpr auto kDiscoveryTimeout = 15s;  ///< one metadata or registration request
inline constexpr auto kTokenRequestTimeout =
    30s;                                      ///< one token request; shorter than kRefreshLease
inline constexpr auto kClientIdle = 60s;      ///< keep-alive connections to upstreams
inline constexpr auto kServerIdle = 75s;      ///< keep-alive connections of agents
inline constexpr auto kHeaderDeadline = 10s;  ///< a request head must be complete (slow loris)
inline constexpr auto kBodyDeadline = 30s;    ///< a request body must be complete
inline constexpr auto kWriteStall = 30s;      ///< a peer that takes none of our bytes for so long
inline constexpr auto kLinger =
    2s;  ///< reading on after a refusal, so that the peer gets to see it
inline constexpr std::size_t kStreamBufferBytes =
    64 * 1024;  ///< unsent bytes of a streamed answer before its writer waits
inline constexpr std::size_t kPoolPerOrigin = 256;  ///< open connections to one upstream origin
inline constexpr std::size_t kServerConnections = 8192;  ///< accepted connections per shard
inline constexpr auto kDrain = 10s;  ///< grace for requests under way at shutdown

// JSON
inline constexpr int kJsonDepth = 64;  ///< nesting of arguments, results and metadata

// MCP
inline constexpr auto kCallTimeout = 60s;                      ///< one tools/call without progress
inline constexpr auto kCallTimeoutMax = 600s;                  ///< one tools/call, progress or not
inline constexpr auto kListTimeout = 30s;                      ///< one page of a list
inline constexpr auto kProbeTimeout = 10s;                     ///< server/discover over stdio
inline constexpr int kListPages = 50;                          ///< pages of one list
inline constexpr std::size_t kToolsPerConnection = 2000;       ///< tools kept of one connection
inline constexpr std::size_t kCatalogBytes = 8 * 1024 * 1024;  ///< one connection's tool list
inline constexpr std::size_t kPinsPerConnection =
    4000;  ///< capabilities remembered of one connection, gone ones included
inline constexpr int kServerRequests =
    32;  ///< asked by one server and not answered yet; more are refused or dropped
inline constexpr std::size_t kAggregatePage = 1000;  ///< items of one page of a list of /mcp/all
inline constexpr std::size_t kAggregatePageBytes =
    4 * 1024 * 1024;  ///< a page ends with the item that reaches this
inline constexpr std::size_t kMappedUris =
    20'000;  ///< resource URIs of one message that are mapped; each grows by what is put in front
inline constexpr auto kListChangedPause =
    500ms;  ///< between two rounds of telling followers that lists changed
inline constexpr std::size_t kProgressBytes = 64 * 1024;  ///< one progress note that is passed on
inline constexpr int kMrtrRounds = 10;                    ///< input_required rounds of one call
inline constexpr std::size_t kStdioLineBytes =
    16 * 1024 * 1024;                         ///< one JSON-RPC message over stdio
inline constexpr auto kStdioCloseGrace = 2s;  ///< stdin closed → SIGTERM → SIGKILL, each step
inline constexpr auto kEraCache = 24h;        ///< a stale "legacy" verdict never fails by itself
inline constexpr std::size_t kStderrBytes =
    64 * 1024;                                         ///< kept of what a child last said on stderr
inline constexpr std::size_t kStderrLineBytes = 4096;  ///< of one such line in a log event
inline constexpr std::size_t kSessions = 10000;        ///< inbound legacy sessions per shard
inline constexpr std::size_t kSessionsPerCaller = 6000;  ///< of them, where there is room
inline constexpr auto kSessionIdle = 30min;   ///< an inbound legacy session without traffic
inline constexpr auto kSessionUnused = 2min;  ///< one that was never used after its initialize
inline constexpr std::size_t kSubscriptions = 256;    ///< resources, or tasks, of one listener
inline constexpr std::size_t kListens = 6000;         ///< subscriptions/listen open, of one caller
inline constexpr std::size_t kStreamsPerSession = 4;  ///< GET streams of one legacy session
inline constexpr std::size_t kReplayEvents = 256;     ///< kept for resumption, of one session
inline constexpr std::size_t kReplayBytes = 1024 * 1024;               ///< of one session
inline constexpr std::size_t kReplayBytesPerCaller = 8 * 1024 * 1024;  ///< of all their sessions
inline constexpr std::size_t kReplayBytesInAll = 32 * 1024 * 1024;     ///< of one endpoint
inline constexpr auto kReplayAge = 5min;          ///< what nobody fetched by then is forgotten
inline constexpr std::size_t kOldStreams = 1000;  ///< HTTP+SSE streams of one endpoint
inline constexpr std::size_t kOldStreamsPerCaller = 250;  ///< of one caller

inline constexpr std::size_t kCallsPerUpstream =
    256;  ///< under way at one upstream; beyond: rate_limited
inline constexpr int kCallsPerToken =
    512;  ///< under way with one agent token; beyond: rate_limited
inline constexpr int kCallsPerConnection =
    2048;  ///< under way at one connection, whoever calls; beyond: rate_limited
inline constexpr double kCallsPerSecond =
    5000;  ///< of one agent token, and of one connection; faster ones wait for their turn
inline constexpr int kCallBurst = 10'000;  ///< calls that may come at once before that rate holds
inline constexpr auto kUpstreamIdle = 10min;  ///< an upstream without calls is closed
inline constexpr int kUpstreamsLive =
    100;  ///< open at once (`max_live`); the least recently used one that rests goes first
inline constexpr std::size_t kFollowedResources =
    1000;  ///< resources, and tasks, that one follower may follow
inline constexpr std::size_t kUpstreamProfiles =
    8;  ///< sessions of one legacy upstream, each declaring other client capabilities
inline constexpr int kReadRetries = 5;                    ///< most that a connection may ask for
inline constexpr auto kOptionTimeoutMax = 24h;            ///< of a connection's own times
inline constexpr std::size_t kToolGlobBytes = 128;        ///< one pattern of a tool filter
inline constexpr std::size_t kToolGlobs = 200;            ///< include and exclude, each
inline constexpr std::size_t kRoots = 32;                 ///< directories given to one server
inline constexpr std::size_t kServerLogBytes = 2 * 1024;  ///< of one log message of a server
inline constexpr int kServerLogLines = 120;  ///< log messages of one server that are kept, a minute
inline constexpr auto kSignInWait = 120s;  ///< a legacy call waits so long for its person's sign-in

// Logins
inline constexpr auto kAuthorizationLife = 10min;  ///< a pending login
inline constexpr std::size_t kPendingLogins = 8;   ///< per connection and owner
inline constexpr int kStepUpAttempts = 3;          ///< authorizations for one refused call
inline constexpr auto kRefreshLease = 45s;         ///< longer than kTokenRequestTimeout
inline constexpr auto kRefreshWait = 50s;   ///< a loser waits this long for the winner's pair
inline constexpr int kRefreshReplays = 3;   ///< same refresh token after lost answers
inline constexpr auto kRefreshAhead = 60s;  ///< refresh this long before expiry
inline constexpr auto kMachinePause =
    30s;  ///< between attempts of a grant without a person that was refused
inline constexpr auto kMachineRequestTimeout =
    20s;  ///< one of its token requests; two fit into kRefreshLease
inline constexpr int kAuthorizationServers = 5;  ///< considered of one resource
inline constexpr auto kClientManagementTimeout =
    5s;  ///< reading or deleting a registration (RFC 7592); nothing depends on it
inline constexpr std::size_t kClientDeletions = 8;  ///< deleted at a provider in one go
inline constexpr auto kClientClaim = 30s;           ///< a registration being replaced; longer than
                                           ///< kDiscoveryTimeout and kClientManagementTimeout
inline constexpr auto kClientPause = 60s;  ///< between attempts with a client that was refused
inline constexpr auto kIdleRefreshAhead =
    120s;  ///< `serve` refreshes what nobody uses this long before expiry; before kRefreshAhead
inline constexpr std::size_t kIdleRefreshes = 4;      ///< such refreshes at once
inline constexpr auto kIdleRefreshPauseMost = 15min;  ///< between attempts that keep failing
inline constexpr auto kIdleRefreshLook = 60s;         ///< at least so often, since wall clocks jump

// Secrets read where a reference says
inline constexpr std::size_t kSecretBytes = 16 * 1024;  ///< one value; a PEM key fits many times
inline constexpr auto kSecretCommand = 10s;             ///< a command that prints one
inline constexpr auto kSecretPause = 3s;                ///< between two readings after refusals

// Logging
inline constexpr std::size_t kLogQueueBytes =
    8 * 1024 * 1024;  ///< lines that wait for whoever reads standard error

// Search
inline constexpr std::size_t kSearchLimit = 50;         ///< most results of one search
inline constexpr std::size_t kSearchQueryBytes = 2048;  ///< a query

// Store
inline constexpr auto kFeedPoll = 100ms;  ///< change feed on one host; staleness ≤ 250 ms
inline constexpr auto kKeyOverlap =
    1s;  ///< old and new master key, for processes that follow the feed
inline constexpr auto kKeyCommand =
    10s;  ///< what prints the master key; `serve` waits for it at start
inline constexpr std::size_t kKeyCommandBytes = 4096;  ///< of its output; eight keys are below 400
inline constexpr auto kFeedSilence = 5s;  ///< a cache whose feed is silent so long is not used

}  // namespace gatehouse::limits
