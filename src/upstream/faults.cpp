// What becomes of a request that failed on the way: repeated once where that does no harm (T-7,
// G-16), and upstreams that want to be left alone are (RFC 9110 §10.2.3).
#include <fmt/format.h>

#include "async/timer.hpp"
#include "mcp_client/outgoing.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

constexpr auto kLeftAloneMost = 5min;  // whatever a server says; then it is asked again
constexpr auto kListingWaits = 10s;    // a listing waits for a server that wants to rest so long

std::chrono::seconds whole(SteadyTime::duration wait) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
}

}  // namespace

/// True where the request may be sent once more: the server has not looked at it, or looking at it
/// twice does no harm. What a dead peer leaves is put away.
bool Upstreams::may_repeat(const UpstreamPtr& upstream,
                           const std::shared_ptr<mcp_client::Peer>& peer,
                           const mcp::Request& request, const Error& error) {
  if (request.cancel != nullptr && request.cancel->cancelled()) return false;
  const bool dead = !peer->alive();
  const bool not_looked_at =
      error.code == Errc::session_lost || (error.code == Errc::unavailable && dead);
  const bool harmless =
      error.code == Errc::outcome_unknown && mcp_client::is_safe_to_repeat(request.method);
  if (!not_looked_at && !harmless) return false;
  if (dead && upstream->peer == peer) {
    parts_.tasks.spawn("close_upstream", close_peer(std::exchange(upstream->peer, nullptr)));
  }
  parts_.log.info("request_repeated", {{"connection", upstream->connection->name},
                                       {"method", request.method},
                                       {"reason", error.detail}});
  return true;
}

void Upstreams::leave_alone(Common& common, int status, std::chrono::seconds wait) {
  const SteadyTime until =
      parts_.clock.steady_now() + std::min<std::chrono::seconds>(wait, kLeftAloneMost);
  if (until <= common.left_alone_until) return;
  common.left_alone_until = until;
  common.left_alone_code = status == 429 ? Errc::rate_limited : Errc::unavailable;
}

Result<void> Upstreams::respect_rest(const Upstream& upstream, SteadyTime now) const {
  const Common& common = *upstream.common;
  if (now >= common.left_alone_until) return {};
  const auto wait = whole(common.left_alone_until - now).count();
  return fail(common.left_alone_code,
              fmt::format("{} asks to be left alone for {} s more (Retry-After)",
                          upstream.connection->name, wait),
              fmt::format("try again in {} s", wait));
}

/// The error of the answer that asked for it says how long, too.
void Upstreams::add_rest(const Upstream& upstream, Error& error) const {
  if (error.code != Errc::rate_limited && error.code != Errc::server_error) return;
  const SteadyTime now = parts_.clock.steady_now();
  if (now >= upstream.common->left_alone_until) return;
  error.hint =
      fmt::format("try again in {} s", whole(upstream.common->left_alone_until - now).count());
}

Task<> Upstreams::wait_out_rest(UpstreamPtr upstream) {
  const auto left = upstream->common->left_alone_until - parts_.clock.steady_now();
  if (left > left.zero() && left <= kListingWaits) co_await sleep_for(left);
}

}  // namespace gatehouse::upstream
