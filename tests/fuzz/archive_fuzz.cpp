// Any bytes as an export file: what is accepted is written again as a file that is accepted, with
// the same connections; and any text as master keys: what is accepted survives being written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "archive/archive.hpp"
#include "vault/master_key.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_archive(std::string_view text) {
  const Result<archive::Outline> outline = archive::read_outline(text);
  if (!outline) return;
  archive::Contents contents{.connections = outline->connections};
  const Result<std::string> again = archive::make_archive(contents, std::nullopt);
  require(again.has_value());
  const Result<archive::Outline> same = archive::read_outline(*again);
  require(same && same->connections.size() == outline->connections.size() && !same->sealed);
  for (std::size_t i = 0; i < same->connections.size(); ++i) {
    require(same->connections[i].name == outline->connections[i].name);
    require(same->connections[i].url == outline->connections[i].url);
    require(same->connections[i].command == outline->connections[i].command);
    require(same->connections[i].origin.empty());
  }
}

void check_keys(std::string_view text) {
  const auto keys = vault::parse_keys(text);
  if (!keys) return;
  const auto again = vault::parse_keys(vault::format_keys(*keys).reveal());
  require(again && again->size() == keys->size() && again->front().id() == keys->front().id());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_archive(text);
  check_keys(text);
  return 0;
}
