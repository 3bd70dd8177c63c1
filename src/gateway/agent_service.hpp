// AgentService: what agents meet at /mcp and over stdio: two tools, in both eras (design §5). Turns
// tool calls into searches and pipeline runs, and their outcomes into answers that tell a model, or
// its person, what to do next.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "async/task_group.hpp"
#include "gateway/catalog_refresher.hpp"
#include "gateway/directory.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/request_state.hpp"
#include "gateway/sign_in.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

/// The caller of a request to the gateway.
struct AgentCaller final : mcp_server::Caller {
  identity::Principal principal;
};

/// A caller whose identity text is made from the principal, for binding of sessions.
std::shared_ptr<const AgentCaller> make_caller(identity::Principal principal);

class AgentService final : public mcp_server::Service {
 public:
  /// All must outlive the service.
  struct Parts {
    Directory& directory;
    Pipeline& pipeline;
    CatalogRefresher& refresher;
    SignIn& sign_in;
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

 private:
  Task<mcp_server::Reply> search(mcp_server::Call& call);
  Task<mcp_server::Reply> execute(mcp_server::Call& call);
  Task<mcp_server::Reply> handle_other(mcp_server::Call& call);
  mcp_server::Reply answer(const ExecuteCommand& command, CallOutcome outcome) const;
  mcp_server::Reply refuse_scope(const Refused& refused) const;

  Parts parts_;
  Settings settings_;
};

}  // namespace gatehouse::gateway
