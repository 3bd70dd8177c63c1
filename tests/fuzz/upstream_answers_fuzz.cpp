// What servers answer outside of results: the filter that acknowledges a subscription, and
// Retry-After. Filters that are accepted come back as they were made; waits are never negative.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/retry_after.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/listen_filter.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_filter(std::string_view text) {
  const auto proved = jsonrpc::JsonView::parse(text, "the filter");
  if (!proved) return;
  const auto interest = mcp::parse_listen_filter(proved->raw());
  if (!interest) return;
  const auto again = mcp::parse_listen_filter(mcp::make_listen_filter(*interest));
  require(again && *again == *interest);
  require(mcp::intersect(*interest, *interest) == *interest);
  for (const std::string_view method : {"notifications/tools/list_changed",
                                        "notifications/resources/updated", "notifications/tasks"}) {
    (void)mcp::hears(*interest, method, proved->raw());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_filter(text);
  const SystemTime now{std::chrono::milliseconds{1'800'000'000'000}};
  const auto wait = http::parse_retry_after(text, now);
  require(!wait || wait->count() >= 0);
  return 0;
}
