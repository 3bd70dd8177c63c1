// AggregateService: /mcp/all: everything that is granted, in one list (design §5). Tools and
// prompts are `<connection>.<name>` (names.hpp), resource URIs say whose they are (decision 0010).
// Lists come from AggregateLists; every other request goes to its one server through Bridge, as at
// the other endpoints.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/aggregate_lists.hpp"
#include "gateway/bridge.hpp"
#include "gateway/followers.hpp"
#include "gateway/names.hpp"
#include "gateway/task_ids.hpp"

namespace gatehouse::gateway {

class AggregateService final : public mcp_server::Service, public Front {
 public:
  /// All must outlive the service.
  struct Parts {
    Directory& directory;
    Bridge& bridge;
    CatalogRefresher& refresher;
    Followers& followers;
    Logger& log;
    const Clock& clock;
  };
  struct Settings {
    std::string version;
    std::string endpoint = "/mcp/all";
    std::string resource_metadata_url;  ///< for 403 challenges; empty on stdio
    StateKeys state_keys;               ///< for cursors and task ids
  };
  AggregateService(Parts parts, Settings settings);

  /// Asks no server (design: rule 6).
  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller& caller) override;
  Task<mcp_server::Reply> handle(mcp_server::Call& call) override;
  Task<gatehouse::Result<mcp::Interest>> follow(std::shared_ptr<mcp_server::Follower> follower,
                                                mcp::Interest wanted) override;
  void unfollow(mcp_server::Follower& follower) override;

  Manners manners() const override {
    return {Questions::with_connection_name, Extras::pass, Extras::pass};
  }
  std::string_view endpoint() const override { return settings_.endpoint; }
  mcp_server::Reply present(const mcp_server::Call& call, const BridgedCall& bridged,
                            CallOutcome outcome) const override;

 private:
  /// The request for one server, or the answer that refuses it.
  using Routed = std::variant<BridgedCall, mcp_server::Reply>;
  Task<mcp_server::Reply> list(mcp_server::Call& call, ItemKind kind);
  Task<mcp_server::Reply> forward(mcp_server::Call& call);
  std::optional<mcp_server::Reply::Failure> check_headers(const mcp_server::Call& call,
                                                          const BridgedCall& bridged) const;
  Routed route(const mcp_server::Call& call) const;
  Routed route_by_name(const mcp_server::Call& call) const;
  Routed route_by_uri(const mcp_server::Call& call) const;
  Routed route_completion(const mcp_server::Call& call) const;
  mcp_server::Reply present_result(const mcp_server::Call& call, const BridgedCall& bridged,
                                   mcp::Success success) const;
  mcp_server::Reply refuse(const mcp_server::Call& call, const BridgedCall& bridged,
                           const Refused& refused) const;
  std::string own_name(const NameParts& parts, ItemKind kind) const;

  Parts parts_;
  Settings settings_;
  AggregateLists lists_;
  TaskIds task_ids_;
};

}  // namespace gatehouse::gateway
