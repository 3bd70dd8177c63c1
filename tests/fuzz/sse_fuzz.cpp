// Event streams, whole and in pieces: the same events come out however the bytes are cut, and what
// is written is read back. The first byte decides how they are cut.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/sse.hpp"

namespace {

using gatehouse::http::SseEvent;
using gatehouse::http::SseParser;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Read {
  std::vector<SseEvent> events;
  bool complete = true;
  std::string last_id;
};

Read read(std::string_view bytes, std::size_t step) {
  Read out;
  SseParser parser(4096);
  while (!bytes.empty() && out.complete) {
    const std::string_view piece = bytes.substr(0, step);
    out.complete = parser.feed(piece, out.events).has_value();
    bytes.remove_prefix(piece.size());
  }
  out.last_id = parser.last_event_id();
  if (parser.retry()) require(parser.retry()->count() >= 0);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read whole = read(bytes, bytes.size());
  const Read pieces = read(bytes, 1U + data[0] % 7U);
  if (whole.complete) {
    require(pieces.complete && pieces.last_id == whole.last_id);
    require(pieces.events.size() == whole.events.size());
  }
  for (std::size_t i = 0; i < std::min(whole.events.size(), pieces.events.size()); ++i) {
    const SseEvent& event = whole.events[i];
    require(event.data == pieces.events[i].data && event.type == pieces.events[i].type);
    require(event.id == pieces.events[i].id && event.has_id == pieces.events[i].has_id);
    require(event.data.size() <= 4096);
    const bool plain = event.data.find_first_of("\r\n") == std::string::npos && !event.data.empty();
    if (!plain) continue;
    const Read again = read(gatehouse::http::format_sse_event(event.data), 1 << 20);
    require(again.events.size() == 1 && again.events[0].data == event.data);
  }
  return 0;
}
