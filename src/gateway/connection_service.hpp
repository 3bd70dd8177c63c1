// ConnectionService: one server as it is, at /mcp/c/<connection>: its own names, schemas, results
// and errors, in both eras (reference G-20). What is ours stays: grants, tool policy, validation,
// limits and audit (Pipeline), sign-ins and the bridges between the eras (Bridge).
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "gateway/bridge.hpp"
#include "gateway/followers.hpp"
#include "gateway/sealed_text.hpp"
#include "gateway/task_ids.hpp"

namespace gatehouse::gateway {

class ConnectionService final : public mcp_server::Service, public Front {
 public:
  /// All must outlive the service.
  struct Parts {
    Directory& directory;
    Bridge& bridge;
    Pipeline& pipeline;
    upstream::Upstreams& upstreams;
    Followers& followers;
    Logger& log;
  };
  struct Settings {
    std::string connection;             ///< its name
    std::string version;                ///< of ours
    std::string endpoint;               ///< "/mcp/c/notes"
    std::string resource_metadata_url;  ///< for 403 challenges; empty on stdio
    StateKeys state_keys;               ///< for cursors and task ids
  };
  ConnectionService(Parts parts, Settings settings);

  /// Opens the server, and tells what it can do as far as we pass it on. One that cannot be reached
  /// has what its stored lists show.
  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller& caller) override;
  Task<mcp_server::Reply> handle(mcp_server::Call& call) override;
  Task<gatehouse::Result<mcp::Interest>> follow(std::shared_ptr<mcp_server::Follower> follower,
                                                mcp::Interest wanted) override;
  void unfollow(mcp_server::Follower& follower) override;

  Manners manners() const override { return {Questions::as_they_are, Extras::pass, Extras::pass}; }
  std::string_view endpoint() const override { return settings_.endpoint; }
  mcp_server::Reply present(const mcp_server::Call& call, const BridgedCall& bridged,
                            CallOutcome outcome) const override;

 private:
  Task<mcp_server::Reply> call_tool(mcp_server::Call& call);
  Task<mcp_server::Reply> call_with_members(mcp_server::Call& call, BridgedCall made);
  Task<mcp_server::Reply> list_tools(mcp_server::Call& call);
  Task<mcp_server::Reply> pass_on(mcp_server::Call& call);
  Task<mcp_server::Reply> pass_unknown(mcp_server::Call& call);
  Task<mcp_server::Reply> pass_task(mcp_server::Call& call);
  std::optional<mcp_server::Reply::Failure> check_headers(const mcp_server::Call& call) const;
  static Task<mcp_server::Reply> refuse_with(mcp_server::Reply::Failure failure);
  mcp_server::Reply refuse(const mcp_server::Call& call, const BridgedCall& bridged,
                           const Refused& refused) const;
  BridgedCall bridged(const mcp_server::Call& call) const;
  /// The server's own words about itself; nothing when it cannot be asked.
  Task<std::optional<mcp_client::ServerInfo>> learn(const identity::Principal& principal);
  Task<> list_again(const ConnectionEntry& entry, const identity::Principal& principal,
                    std::string_view page);

  Parts parts_;
  Settings settings_;
  SealedText sealer_;
  TaskIds task_ids_;
  std::set<std::string> known_missing_;  ///< tools that listing again did not bring
};

}  // namespace gatehouse::gateway
