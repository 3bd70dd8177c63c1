#include "mcp_server/session_stream.hpp"

#include <fmt/format.h>

#include "http/sse.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_server/session.hpp"

namespace gatehouse::mcp_server {

SessionStream::SessionStream(Session& session, Kind kind)
    : session_(session), kind_(kind), number_(session.next_stream++) {}

void SessionStream::attach(std::shared_ptr<EventStream> outlet) {
  detach();
  outlet_ = std::move(outlet);
  // Clients before 2025-11-25 take an event without data for a broken message.
  if (session_.version != "2025-11-25") return;
  outlet_->add_raw(fmt::format("id: {}\nretry: {}\ndata: \n\n",
                               to_string(EventId{number_, next_ - 1}),
                               session_.settings.retry.count()));
}

void SessionStream::resume(std::shared_ptr<EventStream> outlet, const ReplayLog::Rest& missed) {
  detach();
  outlet_ = std::move(outlet);
  replay(*outlet_, missed);
}

void SessionStream::replay(EventStream& outlet, const ReplayLog::Rest& missed) {
  std::string text;
  if (missed.gap) text = ": some messages are not kept any more\n\n";
  for (const ReplayLog::Kept& event : missed.events) {
    text += http::format_sse_event(event.json, to_string(event.id));
  }
  outlet.add_raw(text);
}

void SessionStream::detach() {
  if (!outlet_) return;
  outlet_->end_connection();
  std::exchange(outlet_, nullptr)->end({});
}

std::string SessionStream::record(std::string_view json, bool last) {
  const EventId id{number_, next_++};
  std::string line;
  if (jsonrpc::drop_line_breaks(json, line)) json = line;
  session_.log().add(id, json, last);
  return to_string(id);
}

Task<Result<void>> SessionStream::send(std::string_view json) {
  if (session_.ended) co_return fail(Errc::session_lost, "the session has ended");
  const std::string id = record(json, false);
  // A connection that breaks is no failure: the message is kept for the next one.
  if (const std::shared_ptr<EventStream> outlet = outlet_) co_await outlet->send(json, id);
  co_return Result<void>{};
}

void SessionStream::post(std::string_view json) {
  if (session_.ended) return;
  const std::string id = record(json, false);
  if (outlet_) outlet_->post(json, id);
}

void SessionStream::close(std::string_view json) {
  const std::string id = session_.ended ? std::string() : record(json, true);
  if (outlet_) std::exchange(outlet_, nullptr)->end(json, id);
}

bool SessionStream::close_over(const EventStream& outlet, std::string_view json, std::string& id) {
  if (outlet_.get() != &outlet) {
    close(json);
    return false;
  }
  if (!session_.ended) id = record(json, true);
  outlet_ = nullptr;
  return true;
}

}  // namespace gatehouse::mcp_server
