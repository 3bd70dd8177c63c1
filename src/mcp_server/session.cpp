#include "mcp_server/session.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace gatehouse::mcp_server {

void RunningCalls::add(std::string_view id, std::shared_ptr<CancelSource> cancel) {
  calls_.push_back({std::string(id), std::move(cancel)});
}

void RunningCalls::remove(const CancelSource* cancel) {
  std::erase_if(calls_, [cancel](const Running& call) { return call.cancel.get() == cancel; });
}

bool RunningCalls::cancel(std::string_view id) {
  for (const Running& call : calls_) {
    if (call.id != id) continue;
    const std::shared_ptr<CancelSource> cancel = call.cancel;  // its callbacks may change calls_
    cancel->cancel();
    return true;
  }
  return false;
}

void RunningCalls::cancel_all() {
  const std::vector<Running> calls = calls_;
  for (const Running& call : calls) call.cancel->cancel();
}

std::shared_ptr<Session> SessionTable::open(std::string_view identity, SteadyTime now) {
  reap(now);
  const auto mine = per_caller_.find(std::string(identity));
  if (mine != per_caller_.end() && mine->second >= settings_.max_sessions_per_caller &&
      !make_room(identity)) {
    return nullptr;
  }
  if (by_id_.size() >= settings_.max_sessions && !make_room({})) return nullptr;
  auto session = std::make_shared<Session>(executor_);
  session->id = settings_.make_session_id ? settings_.make_session_id(identity) : random_token(32);
  session->identity = identity;
  session->last_used = now;
  order_.push_back(session);
  by_id_.emplace(session->id, std::prev(order_.end()));
  ++per_caller_[session->identity];
  return session;
}

std::shared_ptr<Session> SessionTable::find(std::string_view id, std::string_view identity,
                                            SteadyTime now) {
  reap(now);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  std::shared_ptr<Session> session = *found->second;
  if (session->identity != identity) return nullptr;
  session->last_used = now;
  order_.splice(order_.end(), order_, found->second);
  return session;
}

void SessionTable::end(const std::shared_ptr<Session>& session) {
  const auto found = by_id_.find(session->id);
  if (found != by_id_.end()) erase(found->second);
}

void SessionTable::end_all(std::string_view identity) {
  for (auto at = order_.begin(); at != order_.end();) {
    const auto current = at++;
    if (identity.empty() || (*current)->identity == identity) erase(current);
  }
}

void SessionTable::reap(SteadyTime now) {
  for (auto at = order_.begin(); at != order_.end();) {
    const auto current = at++;
    if (now - (*current)->last_used < settings_.session_idle) return;
    if ((*current)->calls.empty()) erase(current);
  }
}

bool SessionTable::make_room(std::string_view identity) {
  for (auto at = order_.begin(); at != order_.end(); ++at) {
    if (!(*at)->calls.empty()) continue;
    if (!identity.empty() && (*at)->identity != identity) continue;
    erase(at);
    return true;
  }
  return false;
}

void SessionTable::erase(Order::iterator at) {
  const std::shared_ptr<Session> session = *at;
  by_id_.erase(session->id);
  order_.erase(at);
  const auto mine = per_caller_.find(session->identity);
  if (--mine->second == 0) per_caller_.erase(mine);
  session->calls.cancel_all();
  session->asks.fail_all({Errc::session_lost, "the session has ended", {}});
}

}  // namespace gatehouse::mcp_server
