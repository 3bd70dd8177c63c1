#include "mcp_server/following.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/run_service.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::JsonView;

Reply bad_param(std::string_view what) {
  return Reply{Reply::Failure{jsonrpc::kInvalidParams, std::string(what), {}, 0}};
}

}  // namespace

bool Following::is_about(std::string_view method) {
  return method == "resources/subscribe" || method == "resources/unsubscribe" ||
         method == "logging/setLevel";
}

Task<> Following::start(Service& service, std::shared_ptr<Follower> follower, Logger& logger) {
  if (wanted_.tools) co_return;
  wanted_.tools = wanted_.prompts = wanted_.resources = true;
  co_await tell(service, std::move(follower), logger);
}

Task<Result<mcp::Interest>> Following::tell(Service& service, std::shared_ptr<Follower> follower,
                                            Logger& logger) {
  if (stopped_) co_return fail(Errc::session_lost, "the session has ended");
  known_ = true;
  const std::uint64_t round = ++round_;
  auto granted = co_await follow_service(service, follower, wanted_, logger);
  if (stopped_) {  // meanwhile, so that what the service has kept is there only now
    service.unfollow(*follower);
    co_return fail(Errc::session_lost, "the session has ended");
  }
  if (!granted) co_return std::unexpected(granted.error());
  if (round == round_) granted_ = *granted;
  co_return granted;
}

Task<Reply> Following::handle(Service& service, std::shared_ptr<Follower> follower,
                              const Call& call, Logger& logger) {
  const JsonView params = JsonView::of_proved(call.params());
  if (call.method() == "logging/setLevel") {
    auto level = params.string("level");
    if (!level || !parse_log_level(*level)) {
      co_return bad_param(
          "params.level must be one of debug, info, notice, warning, error, "
          "critical, alert, emergency");
    }
    co_return co_await set_level(service, std::move(follower), std::move(*level), logger);
  }
  auto uri = params.string("uri");
  if (!uri) co_return bad_param("params.uri must be a string");
  if (call.method() == "resources/subscribe") {
    co_return co_await subscribe(service, std::move(follower), std::move(*uri), logger);
  }
  if (wanted_.resource_uris.erase(*uri) != 0) {
    granted_.resource_uris.erase(*uri);
    co_await tell(service, std::move(follower), logger);
  }
  co_return Reply{Reply::Result{}};
}

Task<Reply> Following::subscribe(Service& service, std::shared_ptr<Follower> follower,
                                 std::string uri, Logger& logger) {
  if (wanted_.resource_uris.size() >= limits::kSubscriptions) {
    co_return bad_param("too many resources are subscribed to (kSubscriptions)");
  }
  const bool fresh = wanted_.resource_uris.insert(uri).second;
  const auto told = co_await tell(service, std::move(follower), logger);
  if (told && (!fresh || told->resource_uris.contains(uri))) co_return Reply{Reply::Result{}};
  wanted_.resource_uris.erase(uri);
  if (!told) co_return Reply{follow_failure(told.error())};
  co_return Reply{unknown_method("resources/subscribe")};
}

Task<Reply> Following::set_level(Service& service, std::shared_ptr<Follower> follower,
                                 std::string level, Logger& logger) {
  wanted_.log_level = level;
  const auto told = co_await tell(service, std::move(follower), logger);
  if (!told) co_return Reply{follow_failure(told.error())};
  if (told->log_level.empty()) co_return Reply{unknown_method("logging/setLevel")};
  log_floor_ = parse_log_level(level);
  co_return Reply{Reply::Result{}};
}

void Following::stop(Service& service, Follower& follower) {
  if (std::exchange(stopped_, true) || !known_) return;
  service.unfollow(follower);
}

}  // namespace gatehouse::mcp_server
