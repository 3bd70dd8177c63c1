#include "fixture_server/followers.hpp"

#include <algorithm>

#include "fixture_server/fixture.hpp"

namespace gatehouse::fixture {

Result<mcp::Interest> Followers::follow(std::shared_ptr<mcp_server::Follower> follower,
                                        mcp::Interest wanted) {
  for (const std::string& uri : wanted.resource_uris) {
    if (!is_resource(uri))
      return fail(Errc::not_found, "there is no resource " + quote_remote(uri, 200));
  }
  if (std::ranges::find(followers_, follower) == followers_.end()) {
    followers_.push_back(std::move(follower));
  }
  return wanted;
}

void Followers::unfollow(mcp_server::Follower& follower) {
  std::erase_if(followers_, [&follower](const auto& known) { return known.get() == &follower; });
}

void Followers::tools_changed() {
  post("notifications/tools/list_changed", "{}");
}

void Followers::prompts_changed() {
  post("notifications/prompts/list_changed", "{}");
}

void Followers::resource_updated(std::string_view uri) {
  post("notifications/resources/updated", fmt::format(R"({{"uri":{}}})", jsonrpc::quote(uri)));
}

void Followers::task_changed(std::string_view members) {
  post("notifications/tasks", fmt::format("{{{}}}", members));
}

void Followers::post(std::string_view method, std::string_view params) {
  const auto all = followers_;  // a follower may leave meanwhile
  for (const auto& follower : all) follower->post(method, params);
}

}  // namespace gatehouse::fixture
