// Followers: who hears of changes: open listen streams, legacy sessions, line channels. One per
// server; belongs to its thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "mcp_server/service.hpp"

namespace gatehouse::fixture {

class Followers final {
 public:
  /// Grants everything but resources that do not exist (not_found).
  Result<mcp::Interest> follow(std::shared_ptr<mcp_server::Follower> follower,
                               mcp::Interest wanted);
  void unfollow(mcp_server::Follower& follower);

  void tools_changed();
  void prompts_changed();
  void resource_updated(std::string_view uri);
  /// notifications/tasks: `members` of the task as tasks/get shows it.
  void task_changed(std::string_view members);

 private:
  void post(std::string_view method, std::string_view params);
  std::vector<std::shared_ptr<mcp_server::Follower>> followers_;
};

}  // namespace gatehouse::fixture
