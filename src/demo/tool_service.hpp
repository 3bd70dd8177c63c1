// ToolService: an MCP server that is a table of tools: definitions as raw JSON, what they do as
// functions. Checks arguments against the schema and scopes against the token, as every good server
// does. Holds no tool itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jsonrpc/json.hpp"
#include "mcp/schema.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::demo {

/// Who calls; of an open server only `identity` is filled.
struct DemoCaller final : mcp_server::Caller {
  std::string user_id;
  std::string user_name;
  std::string client_id;
  std::vector<std::string> scopes;
  std::string metadata_url;  ///< of the protected resource; empty: open
};

struct ToolCall {
  mcp_server::Call& call;
  const DemoCaller& caller;
  jsonrpc::JsonView arguments;  ///< valid by the tool's schema

  /// Waits, and gives up when the client does (false). Reports progress to a client that asked.
  Task<bool> pause(std::chrono::milliseconds duration);
  Task<> progress(int done, int total, std::string_view message);
};

struct ToolResult {
  std::string text;
  std::string structured;  ///< raw JSON object; empty: none
  bool is_error = false;
};

ToolResult tool_error(std::string text);

struct DemoTool {
  std::string name;
  std::string definition;  ///< raw JSON, as listed
  std::string scope;       ///< needed to call it; empty: none
  Task<ToolResult> (*run)(void* state, ToolCall call) = nullptr;
};

class ToolService final : public mcp_server::Service {
 public:
  /// `state` is handed to every tool and outlives the service. The definitions must be valid.
  ToolService(mcp_server::ServerDescription description, std::vector<DemoTool> tools, void* state);
  ~ToolService() override;

  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller& caller) override;
  Task<mcp_server::Reply> handle(mcp_server::Call& call) override;

 private:
  struct Entry {
    DemoTool tool;
    std::unique_ptr<mcp::Schema> schema;
  };
  Task<mcp_server::Reply> call_tool(mcp_server::Call& call);

  mcp_server::ServerDescription description_;
  std::vector<Entry> tools_;
  void* state_;
  std::string list_;  ///< members of tools/list
};

}  // namespace gatehouse::demo
