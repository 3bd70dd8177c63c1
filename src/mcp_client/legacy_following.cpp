#include "mcp_client/legacy_following.hpp"

#include "base/limits.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::mcp_client {
namespace {

using jsonrpc::JsonView;

/// Whether the server declares `feature`, or `flag` within it.
bool declares(const ServerInfo& info, std::string_view feature, std::string_view flag = {}) {
  const auto found = JsonView::of_proved(info.capabilities).find(feature);
  if (!found) return false;
  return flag.empty() || found->boolean(flag).value_or(false);
}

}  // namespace

std::optional<LegacyFollowing::Step> LegacyFollowing::next_step(const ServerInfo& info) const {
  // First, for it concerns the next call.
  const bool level = !wanted_.log_level.empty() && wanted_.log_level != told_.log_level;
  if (level && !level_refused_ && declares(info, "logging")) {
    return Step{"logging/setLevel", "\"level\":" + jsonrpc::quote(wanted_.log_level), {}};
  }
  if (!declares(info, "resources", "subscribe")) return std::nullopt;
  for (const std::string& uri : told_.resource_uris) {
    if (wanted_.resource_uris.contains(uri)) continue;
    return Step{"resources/unsubscribe", "\"uri\":" + jsonrpc::quote(uri), uri};
  }
  for (const std::string& uri : wanted_.resource_uris) {
    if (told_.resource_uris.contains(uri) || refused_.contains(uri)) continue;
    return Step{"resources/subscribe", "\"uri\":" + jsonrpc::quote(uri), uri};
  }
  return std::nullopt;
}

void LegacyFollowing::on_done(const Step& step, bool agreed) {
  if (step.uri.empty()) {
    if (agreed) told_.log_level = wanted_.log_level;
    level_refused_ = !agreed;
  } else if (step.method == "resources/unsubscribe") {
    told_.resource_uris.erase(step.uri);
  } else if (agreed) {
    told_.resource_uris.insert(step.uri);
  } else {
    refused_.insert(step.uri);
  }
}

mcp::Interest LegacyFollowing::granted(const ServerInfo& info) const {
  mcp::Interest granted;
  granted.tools = wanted_.tools && declares(info, "tools", "listChanged");
  granted.prompts = wanted_.prompts && declares(info, "prompts", "listChanged");
  granted.resources = wanted_.resources && declares(info, "resources", "listChanged");
  for (const std::string& uri : wanted_.resource_uris) {
    if (told_.resource_uris.contains(uri)) granted.resource_uris.insert(uri);
  }
  if (told_.log_level == wanted_.log_level) granted.log_level = told_.log_level;
  return granted;
}

/// The session may be renewed while we wait: then told_ is empty again, and all is told anew.
Task<Result<std::optional<mcp::HttpRefusal>>> LegacyFollowing::converge(Peer& peer) {
  while (running_) co_await changed_.wait();
  running_ = true;
  const std::shared_ptr<void> ended(nullptr, [this](void*) {
    running_ = false;
    changed_.notify_all();
  });
  while (const auto step = next_step(peer.info())) {
    mcp::Request request;
    request.method = step->method;
    request.params = {step->params};
    request.timeout = limits::kProbeTimeout;
    const auto answer = co_await peer.request(std::move(request), nullptr);
    if (!answer) co_return std::unexpected(answer.error());
    if (const auto* refusal = std::get_if<mcp::HttpRefusal>(&*answer)) co_return *refusal;
    on_done(*step, std::holds_alternative<mcp::Success>(*answer));
  }
  co_return std::nullopt;
}

Task<Result<Followed>> LegacyFollowing::follow(Peer& peer, mcp::Interest interest) {
  wanted_ = std::move(interest);
  refused_.clear();
  level_refused_ = false;
  auto refusal = co_await converge(peer);
  if (!refusal) co_return std::unexpected(refusal.error());
  if (*refusal) co_return Followed(std::move(**refusal));
  co_return Followed(granted(peer.info()));
}

Task<> LegacyFollowing::restore(Peer& peer) {
  forget();
  if (running_ || !wants()) co_return;  // who runs goes on with the new session
  (void)co_await converge(peer);
}

}  // namespace gatehouse::mcp_client
