// FixtureService: the tables of fixture.hpp as a Service.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "fixture_server/fixture.hpp"
#include "fixture_server/followers.hpp"
#include "fixture_server/tasks.hpp"
#include "mcp/schema.hpp"
#include "mcp_server/endpoint_settings.hpp"

namespace gatehouse::fixture {

class FixtureService final : public mcp_server::Service {
 public:
  /// A server of older revisions alone has no tasks extension, and none of its tools.
  FixtureService(TaskGroup& tasks, const Clock& clock, mcp_server::Eras eras);

  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller& caller) override;
  Task<Reply> handle(Call& call) override;
  Task<gatehouse::Result<mcp::Interest>> follow(std::shared_ptr<mcp_server::Follower> follower,
                                                mcp::Interest wanted) override;
  void unfollow(mcp_server::Follower& follower) override { followers_.unfollow(follower); }

 private:
  struct Entry {
    Tool tool;
    std::unique_ptr<mcp::Schema> schema;
    mcp::HeaderPlan headers;
  };
  Task<Reply> call_tool(Call& call);
  Task<Reply> get_prompt(Call& call);
  void add(std::vector<Tool> tools);

  const bool has_tasks_;

  SealedState seal_;
  Followers followers_;
  TaskBook tasks_;
  Context context_{followers_, tasks_, seal_};
  std::map<std::string_view, Entry> tools_;
  std::map<std::string_view, Prompt> prompts_;
  std::string tool_list_ = "\"tools\":[";
  std::string prompt_list_ = "\"prompts\":[";
};

}  // namespace gatehouse::fixture
