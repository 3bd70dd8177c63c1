#include "mcp_server/session_table.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace gatehouse::mcp_server {

std::shared_ptr<Session> SessionTable::open(std::shared_ptr<const Caller> caller, SteadyTime now) {
  reap(now);
  const std::string_view identity = caller->identity;
  const auto known = callers_.try_emplace(std::string(identity)).first;
  Mine& mine = known->second;
  const bool at_share = mine.size() >= settings_.max_sessions_per_caller;
  const bool full = by_id_.size() >= settings_.max_sessions;
  if ((at_share || full) && !make_room(at_share ? mine : greediest(mine))) {
    if (mine.empty()) callers_.erase(known);
    return nullptr;
  }
  auto session = std::make_shared<Session>(executor_, settings_, replay_);
  session->id = settings_.make_session_id ? settings_.make_session_id(identity) : random_token(32);
  session->identity = identity;
  session->opener = std::move(caller);
  session->last_used = now;
  // Making room may have ended the caller's only session and forgotten them.
  Mine& now_mine = callers_.try_emplace(session->identity).first->second;
  fresh_.push_back({session, {}, false});
  const Order::iterator entry = std::prev(fresh_.end());
  now_mine.push_back(entry);
  entry->mine = std::prev(now_mine.end());
  by_id_.emplace(session->id, entry);
  return session;
}

std::shared_ptr<Session> SessionTable::find(std::string_view id, std::string_view identity,
                                            SteadyTime now) {
  reap(now);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  Entry& entry = *found->second;
  if (entry.session->identity != identity) return nullptr;
  entry.session->last_used = now;
  used_.splice(used_.end(), entry.used ? used_ : fresh_, found->second);
  entry.used = true;
  Mine& mine = callers_.find(entry.session->identity)->second;
  mine.splice(mine.end(), mine, entry.mine);
  return entry.session;
}

void SessionTable::end(const std::shared_ptr<Session>& session) {
  const auto found = by_id_.find(session->id);
  if (found != by_id_.end() && found->second->session == session) erase(found->second);
}

void SessionTable::end_all(std::string_view identity) {
  for (Order* order : {&used_, &fresh_}) {
    for (auto at = order->begin(); at != order->end();) {
      const auto current = at++;
      if (identity.empty() || current->session->identity == identity) erase(current);
    }
  }
}

void SessionTable::detach_all() {
  for (Order* order : {&used_, &fresh_}) {
    for (const Entry& entry : *order) {
      for (const auto& stream : entry.session->streams) {
        if (stream->kind() == SessionStream::Kind::listening) stream->detach();
      }
    }
  }
}

void SessionTable::reap(SteadyTime now) {
  reap(used_, now, settings_.session_idle);
  reap(fresh_, now, std::min<Duration>(settings_.session_idle, limits::kSessionUnused));
}

void SessionTable::reap(Order& order, SteadyTime now, Duration idle) {
  while (!order.empty() && now - order.front().session->last_used >= idle) {
    Session& session = *order.front().session;
    if (!session.working() && !session.attended()) {
      erase(order.begin());
      continue;
    }
    session.last_used = now;  // somebody waits for it, which is a use
    order.splice(order.end(), order, order.begin());
  }
}

/// The sessions of the caller who has most; of the one who asks where they have as many.
SessionTable::Mine& SessionTable::greediest(Mine& asking) {
  Mine* most = &asking;
  for (auto& [identity, mine] : callers_) {
    if (mine.size() > most->size()) most = &mine;
  }
  return *most;
}

bool SessionTable::make_room(Mine& mine) {
  for (const bool attended : {false, true}) {
    const auto found = std::ranges::find_if(mine, [attended](const Order::iterator& at) {
      return !at->session->working() && at->session->attended() == attended;
    });
    if (found == mine.end()) continue;
    erase(*found);
    return true;
  }
  return false;
}

void SessionTable::erase(Order::iterator at) {
  const std::shared_ptr<Session> session = at->session;
  by_id_.erase(session->id);
  const auto caller = callers_.find(session->identity);
  caller->second.erase(at->mine);
  if (caller->second.empty()) callers_.erase(caller);
  (at->used ? used_ : fresh_).erase(at);
  session->end_all();
  on_end_(*session);
}

}  // namespace gatehouse::mcp_server
