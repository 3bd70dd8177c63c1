// Upstreams: the connections at work on one shard (design §2, rule 6). Opens lazily, shares one
// attempt among all who wait, refreshes and repeats once on 401, stores what it learned (era,
// health, catalog), and keeps a dead upstream from costing others. Called by the gateway's pipeline
// and by commands; the only user of mcp_client.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/single_flight.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/peer.hpp"
#include "oauth_client/token_source.hpp"
#include "upstream/breaker.hpp"
#include "upstream/fixed_headers.hpp"
#include "vault/secret_resolver.hpp"
#include "vault/store.hpp"

namespace gatehouse::upstream {

class Attendant;

/// A person must act before the request can work. Never a failure of the upstream (design: rule 2).
struct PersonNeeded {
  enum class Why { sign_in, more_scope };
  Why why = Why::sign_in;
  Error error;        ///< sign_in_required or insufficient_scope, with the hint for people
  std::string scope;  ///< more_scope: the union to ask for
  std::vector<std::string> challenges;  ///< WWW-Authenticate values, for LoginRequest
};

using Outcome = std::variant<mcp::Success, mcp::RpcError, PersonNeeded>;
using ListOutcome = std::variant<vault::StoredCatalog, PersonNeeded>;

/// Which upstream of whom.
struct Target {
  std::shared_ptr<const vault::Connection> connection;
  MemberId member = local_member();
  std::string account = "default";
};

/// Whose credential a target uses: the shared one or the member's (design: credential mode).
vault::CredentialKey credential_key(const Target& target);

/// Makes the launcher for a stdio connection's command; given by the application, which owns
/// processes.
using LauncherFactory =
    std::function<std::unique_ptr<mcp_client::Launcher>(const vault::Connection&)>;

/// All must outlive the Upstreams.
struct Parts {
  http::Client& http;
  vault::Store& store;
  oauth_client::TokenSource& tokens;
  TaskGroup& tasks;
  Logger& log;
  const Clock& clock;
  LauncherFactory launch;
  /// Who answers what a legacy server asks, and what its `initialize` declares: a session is opened
  /// once for all requests. Null: nobody, nothing.
  mcp_client::Interaction* interaction = nullptr;
  /// Reads the headers that are given by reference. Null: such a connection does not open.
  vault::SecretResolver read_secret = nullptr;
  int max_live = limits::kUpstreamsLive;  ///< open at once, as far as some of them rest
};

class Upstreams final {
 public:
  explicit Upstreams(Parts parts);
  /// Await shutdown() first.
  ~Upstreams();
  Upstreams(const Upstreams&) = delete;
  Upstreams& operator=(const Upstreams&) = delete;

  /// Sends one request, for at most the connection's request_timeout where it has one, and again as
  /// often as its read_retries say where that is safe. Errors: those of Peer::request; policy for a
  /// disabled connection; unavailable while the breaker is open, with the time of the next try;
  /// rate_limited when kCallsPerUpstream are under way.
  Task<Result<Outcome>> request(Target target, mcp::Request request,
                                mcp_client::Interaction* interaction = nullptr);

  /// Lists the tools, stores catalog and health, and returns the catalog. One listing per upstream
  /// at a time, whoever asks. A failed listing leaves the stored catalog alone. Errors: as
  /// request().
  Task<Result<ListOutcome>> refresh_catalog(Target target);

  /// Opens the connection unless it is open: what request() does first. Nothing: it is open.
  /// Errors: as request().
  Task<Result<std::optional<PersonNeeded>>> connect(Target target);

  /// What one upstream should tell outside of requests (Peer::follow); the gateway has united what
  /// its followers want. Opens the upstream unless `interest` is empty, and asks again whenever it
  /// is opened anew; while something is followed it is not idle. Errors: as request().
  Task<Result<std::variant<mcp::Interest, PersonNeeded>>> follow(Target target,
                                                                 mcp::Interest interest);
  /// Learns what upstreams tell outside of requests: raw notifications. One listener; empty:
  /// nobody.
  using NotificationListener = std::function<void(
      const vault::CredentialKey& upstream, std::string_view method, std::string_view params)>;
  void on_notification(NotificationListener listener) { listener_ = std::move(listener); }

  /// Forgets breaker and session of a connection: a login, logout or edit happened. Calls under way
  /// end first.
  void reset(const ConnectionId& connection);
  /// From the change feed: a connection that was edited, disabled or removed is closed.
  void on_change(const vault::Change& change);
  /// What the handshake told; nothing when the upstream is not open.
  std::optional<mcp_client::ServerInfo> info(const Target& target) const;
  /// Closes upstreams without calls for their idle_timeout, kUpstreamIdle unless told otherwise.
  void close_idle();
  /// The same again and again. Runs until cancelled.
  Task<> run_idle_sweep();
  /// How many are open.
  std::size_t live() const;
  /// Ends every session politely. What still opens, lists or says farewell after `grace` is left to
  /// the TaskGroup's own shutdown, which does not wait for servers.
  Task<> shutdown(Duration grace = limits::kDrain);

 private:
  struct Upstream;
  class InFlight;
  using UpstreamPtr = std::shared_ptr<Upstream>;
  struct Ready {};
  using OpenOutcome = std::variant<Ready, PersonNeeded>;
  using Key = vault::CredentialKey;

  UpstreamPtr find_or_make(const Target& target);
  UpstreamPtr make(const Target& target, const Key& key);
  void retire(const UpstreamPtr& upstream);
  void make_room(const UpstreamPtr& opened);
  Result<void> admit(Upstream& upstream);
  Task<Result<OpenOutcome>> ensure_open(UpstreamPtr upstream, CancelSource* cancel = nullptr);
  Task<Result<OpenOutcome>> open(UpstreamPtr upstream);
  Task<Result<mcp_client::Opened>> open_transport(UpstreamPtr upstream,
                                                  vault::ConnectionState state);
  Task<Result<std::optional<PersonNeeded>>> on_machine_refusal(UpstreamPtr upstream,
                                                               mcp::HttpRefusal refusal,
                                                               oauth_client::AccessTokenPtr used,
                                                               bool repeated);
  Task<Result<std::optional<PersonNeeded>>> on_refusal(UpstreamPtr upstream,
                                                       mcp::HttpRefusal refusal,
                                                       oauth_client::AccessTokenPtr used,
                                                       FixedHeaders::ListPtr sent, bool repeated);
  Error key_refused(const UpstreamPtr& upstream, int status) const;
  Task<> ask_for_logs(UpstreamPtr upstream, std::shared_ptr<mcp_client::Peer> peer);
  Task<Result<Outcome>> send(UpstreamPtr upstream, mcp::Request request,
                             mcp_client::Interaction* interaction);
  static bool needs_care(const Upstream& upstream);
  Task<Result<Outcome>> send_carefully(UpstreamPtr upstream, mcp::Request request,
                                       mcp_client::Interaction* interaction);
  Task<Result<ListOutcome>> list(UpstreamPtr upstream);
  /// Finds out anew at the next opening which era the server is of.
  Task<> forget_era(UpstreamPtr upstream);
  /// Where the server names another authorization server now, that is what the person is told.
  Task<PersonNeeded> explain_move(UpstreamPtr upstream, PersonNeeded needed);
  Task<Result<ListOutcome>> list_now(UpstreamPtr upstream);
  Task<Result<ListOutcome>> store_catalog(UpstreamPtr upstream, vault::StoredCatalog catalog);
  enum class Save { changed, always };  // changed: a call costs no write
  Task<> save_health(UpstreamPtr upstream, vault::Health health, Error why,
                     Save when = Save::changed);
  Task<Result<void>> load_schemas(UpstreamPtr upstream);
  void record(const UpstreamPtr& upstream, const Error* error);

  Parts parts_;
  NotificationListener listener_;
  std::map<Key, UpstreamPtr> upstreams_;
  /// By connection and revision. Kept: a link that is being closed may still ask.
  std::map<std::pair<std::string, std::int64_t>, std::unique_ptr<Attendant>> attendants_;
  /// By upstream and not by key: one that a reset replaced meanwhile must not be taken for its
  /// successor. A flight owns its upstream, so the address stays its own.
  SingleFlight<const Upstream*, OpenOutcome> openings_;
  SingleFlight<const Upstream*, ListOutcome> listings_;
};

}  // namespace gatehouse::upstream
