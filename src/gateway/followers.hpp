// Followers: who hears what outside of requests, at /mcp/all and /mcp/c (reference L-1 … L-4,
// G-12). What all followers want of one upstream (of one credential) is united and asked of it
// once; what it tells goes to those who asked, named as their endpoint names things, and only as
// long as they may see the connection. List changes are told after the stored lists were brought up
// to date, and not more often than kListChangedPause. Belongs to one shard.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "async/condition.hpp"
#include "async/task_group.hpp"
#include "gateway/agent_caller.hpp"
#include "gateway/catalog_refresher.hpp"
#include "gateway/directory.hpp"
#include "gateway/task_ids.hpp"
#include "mcp_server/service.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::gateway {

class Followers final {
 public:
  /// All must outlive this; `tasks` must have ended before it is destroyed.
  struct Parts {
    Executor executor;
    Directory& directory;
    upstream::Upstreams& upstreams;
    CatalogRefresher& refresher;
    TaskGroup& tasks;
    Logger& log;
    const Clock& clock;
  };
  Followers(Parts parts, StateKeys keys);
  ~Followers();

  /// Service::follow() of the endpoint of one connection; empty: /mcp/all. Waits for servers where
  /// resources are subscribed to, for nothing else.
  Task<Result<mcp::Interest>> follow(std::shared_ptr<mcp_server::Follower> follower,
                                     std::string connection, mcp::Interest wanted);
  void unfollow(mcp_server::Follower& follower);

  /// What an upstream told; for Upstreams::on_notification().
  void on_notification(const vault::CredentialKey& upstream, std::string_view method,
                       std::string_view params);
  /// From the change feed: connections came, went, or list something else.
  void on_change(const vault::Change& change);

 private:
  /// What one follower wants of one upstream, in the server's own words.
  struct Want {
    std::string connection;  ///< its name
    upstream::Target target;
    mcp::Interest interest;
    std::map<std::string, std::string, std::less<>> tasks;  ///< the server's id → ours
  };
  using Wants = std::map<vault::CredentialKey, Want>;
  /// Of the lists that a follower may see; equal when nothing changed.
  struct Lists {
    std::size_t tools = 0, prompts = 0, resources = 0;
  };
  struct Entry {
    std::shared_ptr<mcp_server::Follower> follower;
    std::string connection;  ///< empty: all
    mcp::Interest granted;   ///< as the follower names things
    Wants wants;
    Lists seen;
    std::uint64_t round = 0;  ///< of the latest follow(): an earlier one's outcome is old
    bool tools_due = false, prompts_due = false, resources_due = false;
  };
  /// What is asked of one upstream.
  struct Asked {
    upstream::Target target;
    mcp::Interest wanted;
    mcp::Interest granted;
    std::optional<Error> problem;
    bool busy = false;
  };
  struct Told {
    vault::CredentialKey upstream;
    std::string method;
    std::string params;
  };

  const identity::Principal& principal_of(const Entry& entry) const;
  bool in_scope(const Entry& entry, const ConnectionEntry& connection) const;
  /// Parts of `wanted` for each upstream. Errors: what the follower must be told of.
  Result<Wants> take_apart(const Entry& entry, const mcp::Interest& wanted,
                           const mcp::Interest& before) const;
  void add_lists(const Entry& entry, const mcp::Interest& wanted, Wants& wants) const;
  Result<void> add_resource(const Entry& entry, const std::string& uri, Wants& wants) const;
  void add_task(const Entry& entry, const std::string& id, Wants& wants) const;
  Want* want_of(const Entry& entry, std::string_view connection, Wants& wants) const;
  Result<mcp::Interest> grant(Entry& entry, mcp::Interest wanted, const mcp::Interest& before);
  using Interests = std::map<vault::CredentialKey, mcp::Interest>;
  mcp::Interest united(const vault::CredentialKey& key) const;
  /// Of every upstream that is followed, in one pass.
  Interests united() const;
  void settle_later(const Wants& wants);
  void settle_later(const Wants& wants, const Interests& all);
  void settle_later(const vault::CredentialKey& key, const Want& want, const mcp::Interest& wanted);
  Task<> settle(vault::CredentialKey key);
  Task<> ask(vault::CredentialKey key, Asked& asked);

  Task<> deliver();
  void deliver(const Told& told);
  void deliver(const Told& told, const Entry& entry, const Want& want);
  /// Its token has: the endpoint is about to end it.
  bool has_expired(const Entry& entry) const;
  bool may_hear(const Entry& entry, const Want& want) const;
  void lists_changed(const Told& told);
  void tell_lists_soon();
  Task<> tell_lists();
  Task<> hash_lists();
  Lists lists_of(const Entry& entry) const;
  void look_again();
  Task<> watch();
  Task<Result<bool>> all_left();

  Parts parts_;
  TaskIds task_ids_;
  Condition changed_;
  std::map<mcp_server::Follower*, Entry> entries_;
  std::map<vault::CredentialKey, std::shared_ptr<Asked>> asked_;
  std::deque<Told> told_;
  std::size_t asking_ = 0;  ///< upstreams that are asked just now
  bool delivering_ = false;
  bool telling_ = false;
  bool tell_again_ = false;
  bool watching_ = false;
};

}  // namespace gatehouse::gateway
