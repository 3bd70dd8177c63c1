#include "mcp_server/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mcp/capabilities.hpp"
#include "mcp_server/interest_filter.hpp"

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

void Session::post(std::string_view method, std::string_view params) {
  // A URL elicitation may be completed long after its call (2025-11-25).
  const bool completed =
      method == "notifications/elicitation/complete" && capabilities.elicitation_url;
  if (!completed && !is_wanted(interest(), method, params)) return;
  if (SessionStream* stream = listening()) {
    stream->post(jsonrpc::make_notification(method, params));
  }
}

SessionStream* Session::listening() const {
  SessionStream* waiting = nullptr;
  for (auto stream = streams.rbegin(); stream != streams.rend(); ++stream) {
    if ((*stream)->kind() != SessionStream::Kind::listening) continue;
    if ((*stream)->attached()) return stream->get();
    if (waiting == nullptr) waiting = stream->get();
  }
  return waiting;
}

bool Session::can_ask() const {
  const SessionStream* stream = listening();
  return stream != nullptr && stream->attached();
}

Task<gatehouse::Result<std::string>> Session::ask(std::string_view method,
                                                  std::string_view params) {
  const std::shared_ptr<Session> self = shared_from_this();
  if (!can_ask() || !mcp::allows(capabilities, method, params.empty() ? "{}" : params)) {
    co_return fail(Errc::unsupported, "this client cannot be asked");
  }
  const std::shared_ptr<PendingAsks::Ask> question = asks.open();
  listening()->post(jsonrpc::make_request(question->id, method, params));
  CancelSource never;  // the end of the session settles it
  auto answer = co_await asks.wait(question, settings.ask_timeout, never, nullptr);
  if (!answer && answer.error().code == Errc::timeout && listening() != nullptr) {
    listening()->post(jsonrpc::make_notification(
        "notifications/cancelled",
        fmt::format(R"({{"requestId":{},"reason":"no answer in time"}})", question->id)));
  }
  co_return answer;
}

std::shared_ptr<SessionStream> Session::find_stream(std::uint32_t number) const {
  const auto found = std::ranges::find_if(
      streams, [number](const auto& stream) { return stream->number() == number; });
  return found == streams.end() ? nullptr : *found;
}

void Session::remove_stream(const SessionStream* stream) {
  std::erase_if(streams, [stream](const auto& one) { return one.get() == stream; });
}

void Session::make_listening_room() {
  const auto listens = [](const auto& stream) {
    return stream->kind() == SessionStream::Kind::listening;
  };
  std::erase_if(streams, [&](const auto& one) { return listens(one) && !one->attached(); });
  if (std::ranges::count_if(streams, listens) <
      static_cast<std::ptrdiff_t>(limits::kStreamsPerSession)) {
    return;
  }
  const auto oldest = std::ranges::find_if(streams, listens);
  (*oldest)->detach();
  streams.erase(oldest);
}

ReplayLog& Session::log() {
  if (!kept) kept = std::make_unique<ReplayLog>(replay, identity);
  return *kept;
}

bool Session::attended() const {
  return std::ranges::any_of(streams, [](const auto& stream) { return stream->attached(); });
}

void Session::end_all() {
  ended = true;
  calls.cancel_all();
  asks.fail_all({Errc::session_lost, "the session has ended", {}});
  const auto open = std::exchange(streams, {});
  for (const auto& stream : open) {
    if (stream->kind() == SessionStream::Kind::listening) stream->detach();
  }
  kept.reset();
}

}  // namespace gatehouse::mcp_server
