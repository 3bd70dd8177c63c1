#include "mcp_client/list_tools.hpp"

#include <fmt/format.h>

#include <set>

#include "base/limits.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::mcp_client {
namespace {

/// Gathers pages and keeps the bounds.
class ToolCollector final {
 public:
  explicit ToolCollector(Logger& log) : log_(log) {}

  /// False when a bound was hit: no further page is wanted.
  bool take(mcp::ToolPage page, bool first) {
    for (mcp::DroppedTool& dropped : page.dropped) drop(std::move(dropped));
    list_.cache.ttl_ms =
        first ? page.cache.ttl_ms : std::min(list_.cache.ttl_ms, page.cache.ttl_ms);
    const bool is_private = page.cache.scope == mcp::CacheScope::private_;
    if (first || is_private) list_.cache.scope = page.cache.scope;
    for (mcp::Tool& tool : page.tools) {
      bytes_ += tool.raw.size();
      if (list_.tools.size() >= limits::kToolsPerConnection || bytes_ > limits::kCatalogBytes) {
        return cut("more tools than we keep (kToolsPerConnection, kCatalogBytes)");
      }
      if (!names_.insert(tool.name).second) {
        drop({tool.name, "an earlier tool has the same name"});
      } else {
        list_.tools.push_back(std::move(tool));
      }
    }
    return true;
  }

  bool cut(std::string_view why) {
    list_.truncated = true;
    log_.warn("mcp_tools_truncated", {{"reason", std::string(why)}});
    return false;
  }

  ToolList finish() { return std::move(list_); }

 private:
  void drop(mcp::DroppedTool dropped) {
    log_.warn("mcp_tool_dropped", {{"tool", dropped.name}, {"reason", dropped.reason}});
    list_.dropped.push_back(std::move(dropped));
  }

  Logger& log_;
  ToolList list_;
  std::set<std::string, std::less<>> names_;
  std::size_t bytes_ = 0;
};

}  // namespace

Task<Result<ListAnswer>> list_tools(Peer& peer, PeerTransport transport, Logger& log,
                                    CancelSource* cancel, std::chrono::milliseconds timeout) {
  const mcp::HeaderRules rules =
      transport == PeerTransport::http ? mcp::HeaderRules::apply : mcp::HeaderRules::ignore;
  ToolCollector collector(log);
  std::set<std::string, std::less<>> cursors;
  std::string cursor_member;
  for (int page_number = 0; page_number < limits::kListPages; ++page_number) {
    mcp::Request request;
    request.method = "tools/list";
    if (!cursor_member.empty()) request.params.push_back(cursor_member);
    request.cancel = cancel;
    request.timeout = timeout;
    auto answer = co_await peer.request(std::move(request), nullptr);
    if (!answer) co_return std::unexpected(answer.error());
    if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*answer)) co_return std::move(*refusal);
    if (auto* error = std::get_if<mcp::RpcError>(&*answer)) co_return std::move(*error);
    auto page = mcp::parse_tool_page(std::get<mcp::Success>(*answer).result.view(), rules);
    if (!page) co_return std::unexpected(page.error());
    const std::optional<std::string> next = std::move(page->next_cursor);
    if (!collector.take(std::move(*page), page_number == 0) || !next) co_return collector.finish();
    if (!cursors.insert(*next).second) {
      collector.cut("the server repeats a cursor");
      co_return collector.finish();
    }
    cursor_member = "\"cursor\":" + jsonrpc::quote(*next);
  }
  collector.cut("more pages than we read (kListPages)");
  co_return collector.finish();
}

}  // namespace gatehouse::mcp_client
