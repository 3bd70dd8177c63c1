// Any JSON as the params of subscriptions/listen, of a notification, and any text as Last-Event-ID:
// an interest that was read is acknowledged with itself, a tagged notification stays JSON with one
// subscription id, and an event id that is read is written the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "jsonrpc/json.hpp"
#include "mcp/listen_filter.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/interest_filter.hpp"
#include "mcp_server/log_level.hpp"
#include "mcp_server/replay.hpp"

namespace {

using namespace gatehouse;
using namespace gatehouse::mcp_server;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_listen(std::string_view params) {
  const std::string bytes = R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":)" +
                            std::string(params) + "}";
  const auto message = jsonrpc::prove(bytes);
  if (!message) return;
  const auto interest = parse_listen_filter(*message);
  if (!interest) return;
  require(mcp::intersect(*interest, *interest) == *interest);
  const std::string again = R"({"jsonrpc":"2.0","id":1,"method":"x","params":)" +
                            make_acknowledgement(*interest, "1") + "}";
  const auto acknowledged = jsonrpc::prove(again);
  require(acknowledged.has_value());
  require(parse_listen_filter(*acknowledged) == interest);
}

void check_notification(std::string_view params) {
  const auto parsed = jsonrpc::JsonView::parse(params);
  if (!parsed || !parsed->is_object()) return;
  const mcp::Interest interest{true, true, true, {"a", "a/"}, {"t"}, "info"};
  for (const char* method : {"notifications/resources/updated", "notifications/tasks",
                             "notifications/message", "notifications/progress"}) {
    static_cast<void>(is_wanted(interest, method, parsed->raw()));
  }
  const std::string tagged = add_subscription_id(parsed->raw(), "\"s\"");
  const auto view = jsonrpc::JsonView::parse(tagged);
  require(view.has_value());
  const auto meta = view->find("_meta");
  require(meta && meta->string(mcp::kMetaSubscriptionId) == "s");
}

void check_event_id(std::string_view text) {
  const auto id = parse_event_id(text);
  if (id) require(parse_event_id(to_string(*id)) == id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  check_listen(bytes);
  check_notification(bytes);
  check_event_id(bytes);
  return 0;
}
