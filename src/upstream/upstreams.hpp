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
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "async/shards.hpp"
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

namespace gatehouse::mcp_client {
struct DefinitionList;
}

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
using FollowOutcome = std::variant<mcp::Interest, PersonNeeded>;  ///< what the server grants

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

  /// Makes those of all shards, by number, know each other; before the first request. From then on
  /// what has state lives on one of them, and whoever is asked passes it on (crossing.cpp).
  static void join(const Shards& shards, const std::vector<Upstreams*>& all);

  /// Sends one request, for at most the connection's request_timeout where it has one, and again as
  /// often as its read_retries say where that is safe. Errors: those of Peer::request; policy for a
  /// disabled connection; unavailable while the breaker is open, with the time of the next try;
  /// rate_limited when kCallsPerUpstream are under way. A legacy server has a session for each set
  /// of capabilities that requesters declare, `interaction` being there to answer for them, and is
  /// told of none where nobody is: rate_limited when kUpstreamProfiles of them are busy.
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
  /// is opened anew (with run_idle_sweep() also by itself), after which every followed list counts
  /// as changed; while something is followed it is not idle, also beyond max_live. Errors: as
  /// request(); the interest is kept all the same.
  Task<Result<FollowOutcome>> follow(Target target, mcp::Interest interest);
  /// Learns what upstreams tell outside of requests: raw notifications. One listener; empty:
  /// nobody.
  using NotificationListener = std::function<void(
      const vault::CredentialKey& upstream, std::string_view method, std::string_view params)>;
  void on_notification(NotificationListener listener) { listener_ = std::move(listener); }

  /// Forgets breaker and session of a connection, on all shards: a login, logout or edit happened.
  /// Calls under way end first.
  void reset(const ConnectionId& connection);
  /// From the change feed: a connection that was edited, disabled or removed is closed.
  void on_change(const vault::Change& change);
  void on_feed_lost();
  /// What the handshake told; nothing when the upstream is not open, or is open on another shard
  /// and connect() was not called on this one.
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
  struct Common;
  struct Upstream;
  struct Crossing;
  struct Following;
  class Ear;
  class InFlight;
  using UpstreamPtr = std::shared_ptr<Upstream>;
  struct Ready {};
  using OpenOutcome = std::variant<Ready, PersonNeeded>;
  /// One session: with whose credential, and of whom and declaring what where that matters (the
  /// variant; empty for the common case and for every modern server).
  struct Key {
    vault::CredentialKey credential;
    std::string variant;
  };
  /// What finds the session of the common case without a copy of anything.
  struct KeyView {
    explicit KeyView(const Target& target);
    std::string_view organization, connection, owner, account;
    bool has_owner;
  };
  struct KeyLess {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return tie(a) < tie(b); }
    bool operator()(const Key& a, const KeyView& b) const { return tie(a) < tie(b); }
    bool operator()(const KeyView& a, const Key& b) const { return tie(a) < tie(b); }

   private:
    using Tied = std::tuple<std::string_view, std::string_view, bool, std::string_view,
                            std::string_view, std::string_view>;
    static Tied tie(const Key& key);
    static Tied tie(const KeyView& view) {
      return {view.connection, view.organization, view.has_owner, view.owner, view.account, {}};
    }
  };

  // What the public functions of these names do when the upstream lives here.
  Task<Result<Outcome>> request_here(Target target, mcp::Request request,
                                     mcp_client::Interaction* interaction);
  Task<Result<ListOutcome>> refresh_catalog_here(Target target);
  Task<Result<std::optional<PersonNeeded>>> connect_here(Target target);
  Task<Result<FollowOutcome>> follow_here(Target target, mcp::Interest interest);
  void reset_here(const ConnectionId& connection);
  // And where it may live on another shard (crossing.cpp).
  struct Connected {
    Result<std::optional<PersonNeeded>> outcome;
    std::optional<mcp_client::ServerInfo> info;
  };
  Task<std::size_t> find_shard(const Target& target);
  Task<Result<Outcome>> request_anywhere(Target target, mcp::Request request,
                                         mcp_client::Interaction* interaction);
  Task<Result<std::optional<PersonNeeded>>> connect_anywhere(Target target);
  Task<Result<void>> bring_up_to_date(Target& target);
  Task<Result<Outcome>> request_for_another(Target target, mcp::Request request,
                                            mcp_client::Interaction* interaction);
  Task<Result<ListOutcome>> list_for_another(Target target);
  Task<Connected> connect_for_another(Target target);
  Task<Result<FollowOutcome>> follow_for(std::size_t shard, Target target, mcp::Interest interest);
  /// Every notification goes through here, to the listeners of all shards that follow.
  void tell(const vault::CredentialKey& upstream, std::string_view method, std::string_view params);
  void note_change(const vault::Change& change);
  Task<> close_edited(OrganizationId organization, ConnectionId id);
  Task<> reload_schemas(UpstreamPtr upstream);

  UpstreamPtr find(const vault::CredentialKey& key, const std::string& variant = {}) const;
  std::vector<UpstreamPtr> sessions_of(const vault::CredentialKey& key) const;
  UpstreamPtr find_or_make(const Target& target);
  UpstreamPtr make(const Target& target, Key key, std::shared_ptr<Common> common);
  /// Which session serves the request; `plain` is the one of the common case.
  Result<UpstreamPtr> choose_session(const Target& target, UpstreamPtr plain,
                                     const mcp::Request& request,
                                     const mcp_client::Interaction* interaction);
  Result<void> make_room_for_profile(const UpstreamPtr& plain, std::string_view of_member);
  /// What was opened for a legacy server's sake turned out to be a modern one: one peer for all.
  void adopt_modern(const UpstreamPtr& upstream);
  static bool is_of_all(const Upstream& upstream);
  bool is_followed(const UpstreamPtr& upstream) const;
  UpstreamPtr session_to_follow(const UpstreamPtr& plain) const;
  Task<Result<FollowOutcome>> follow_now(Target target, mcp::Interest interest);
  Task<> follow_again(vault::CredentialKey key);
  Task<> unfollow(UpstreamPtr upstream);
  void keep_following();
  void keep_following(const vault::CredentialKey& key);
  mcp::Interest interest_of(const Upstream& upstream) const;
  void hear(const UpstreamPtr& upstream, std::string_view method, std::string_view params);
  void retire(const UpstreamPtr& upstream);
  void make_room(const UpstreamPtr& opened);
  /// For what shard `origin` opened; `opened` is null where that is another.
  void make_room_for(const UpstreamPtr& opened, std::size_t origin);
  void pass_on_for_room(std::size_t origin);
  /// On all shards, as each last told.
  std::size_t live_everywhere() const;
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
  Task<> tell_interest(UpstreamPtr upstream, std::shared_ptr<mcp_client::Peer> peer);
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
  Task<Result<ListOutcome>> list_rest(UpstreamPtr upstream, std::shared_ptr<mcp_client::Peer> peer,
                                      mcp_client::DefinitionList first);
  Task<Result<ListOutcome>> store_catalog(UpstreamPtr upstream, vault::StoredCatalog catalog,
                                          std::optional<vault::StoredCatalog> previous);
  enum class Save { changed, always };  // changed: a call costs no write
  Task<> save_health(UpstreamPtr upstream, vault::Health health, Error why,
                     Save when = Save::changed);
  Task<Result<void>> load_schemas(UpstreamPtr upstream);
  void record(const UpstreamPtr& upstream, const Error* error);
  bool may_repeat(const UpstreamPtr& upstream, const std::shared_ptr<mcp_client::Peer>& peer,
                  const mcp::Request& request, const Error& error);
  void leave_alone(Common& common, int status, std::chrono::seconds wait);
  Result<void> respect_rest(const Upstream& upstream, SteadyTime now) const;
  void add_rest(const Upstream& upstream, Error& error) const;
  Task<> wait_out_rest(UpstreamPtr upstream);
  /// A request that asks for log messages, of a server that is told the level once.
  static std::optional<std::string> take_log_level(std::string_view meta, std::string& rest);
  Task<> raise_log_level(UpstreamPtr upstream, std::shared_ptr<mcp_client::Peer> peer,
                         std::string_view level);

  Parts parts_;
  NotificationListener listener_;
  std::unique_ptr<Crossing> crossing_;  ///< null: one shard
  std::map<Key, UpstreamPtr, KeyLess> upstreams_;
  std::map<vault::CredentialKey, Following> following_;
  /// By connection and revision. Kept: a link that is being closed may still ask.
  std::map<std::pair<std::string, std::int64_t>, std::unique_ptr<Attendant>> attendants_;
  /// By upstream and not by key: one that a reset replaced meanwhile must not be taken for its
  /// successor. A flight owns its upstream, so the address stays its own.
  SingleFlight<const Upstream*, OpenOutcome> openings_;
  SingleFlight<const Upstream*, ListOutcome> listings_;
};

}  // namespace gatehouse::upstream
