// AgentService: what agents meet at /mcp and over stdio: two tools, in both eras (design §5). Turns
// tool calls into searches and pipeline runs, and their outcomes into answers that tell a model, or
// its person, what to do next.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "async/task_group.hpp"
#include "gateway/agent_caller.hpp"
#include "gateway/bridge.hpp"
#include "gateway/catalog_refresher.hpp"
#include "gateway/directory.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

class AgentService final : public mcp_server::Service, public Front {
 public:
  /// All must outlive the service.
  struct Parts {
    Directory& directory;
    Bridge& bridge;
    CatalogRefresher& refresher;
    Logger& log;
  };
  struct Settings {
    std::string version;
    std::string endpoint = "/mcp";
    std::string resource_metadata_url;  ///< for 403 challenges; empty on stdio
  };
  AgentService(Parts parts, Settings settings);

  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller& caller) override;
  Task<mcp_server::Reply> handle(mcp_server::Call& call) override;

  Manners manners() const override { return {}; }
  std::string_view endpoint() const override { return settings_.endpoint; }
  mcp_server::Reply present(const mcp_server::Call& call, const BridgedCall& bridged,
                            CallOutcome outcome) const override;

 private:
  Task<mcp_server::Reply> search(mcp_server::Call& call);
  Task<mcp_server::Reply> execute(mcp_server::Call& call);
  static Task<mcp_server::Reply> refuse(std::string text);
  Task<mcp_server::Reply> handle_other(mcp_server::Call& call);

  Parts parts_;
  Settings settings_;
};

}  // namespace gatehouse::gateway
