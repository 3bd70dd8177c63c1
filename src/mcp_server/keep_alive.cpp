#include "mcp_server/keep_alive.hpp"

#include <vector>

#include "async/timer.hpp"
#include "mcp_server/event_stream.hpp"

namespace gatehouse::mcp_server {

void KeepAlive::add(EventStream* stream) {
  streams_.insert(stream);
  if (running_) return;
  running_ = true;
  tasks_.spawn("keep_alive", run());
}

Task<> KeepAlive::run() {
  while (!streams_.empty()) {
    co_await sleep_for(every_);
    const std::vector<EventStream*> now(streams_.begin(), streams_.end());
    for (EventStream* stream : now) {
      if (streams_.contains(stream)) stream->keep_alive();
    }
  }
  running_ = false;
}

}  // namespace gatehouse::mcp_server
