#include "mcp_client/list_definitions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::mcp_client {
namespace {

struct Words {
  std::string_view method;
  std::string_view member;  ///< of the result
  std::string_view key;     ///< what entries are told apart by
};

Words words_of(ListKind kind) {
  switch (kind) {
    case ListKind::tools:
      return {"tools/list", "tools", "name"};
    case ListKind::prompts:
      return {"prompts/list", "prompts", "name"};
    case ListKind::resources:
      return {"resources/list", "resources", "uri"};
    case ListKind::resource_templates:
      return {"resources/templates/list", "resourceTemplates", "uriTemplate"};
  }
  return {};
}

/// Gathers pages and keeps the bounds.
class Collector final {
 public:
  Collector(Words words, Logger& log) : words_(words), log_(log) {}

  /// False when a bound was hit: no further page is wanted.
  bool take(const jsonrpc::JsonView& entries, mcp::CacheHints cache, bool first) {
    list_.cache.ttl_ms = first ? cache.ttl_ms : std::min(list_.cache.ttl_ms, cache.ttl_ms);
    if (first || cache.scope == mcp::CacheScope::private_) list_.cache.scope = cache.scope;
    for (const jsonrpc::JsonView& entry : entries.elements()) {
      bytes_ += entry.raw().size();
      if (list_.items.size() >= limits::kToolsPerConnection || bytes_ > limits::kCatalogBytes)
        return cut("more entries than we keep (kToolsPerConnection, kCatalogBytes)");
      const std::string key = entry.string(words_.key).value_or("");
      if (key.empty()) {
        list_.dropped.push_back({"", fmt::format("an entry without {}", words_.key)});
      } else if (!keys_.insert(key).second) {
        list_.dropped.push_back({key, fmt::format("an earlier entry has the same {}", words_.key)});
      } else {
        list_.items.emplace_back(entry.raw());
      }
    }
    return true;
  }

  bool cut(std::string_view why) {
    list_.truncated = true;
    log_.warn("mcp_list_truncated",
              {{"method", std::string(words_.method)}, {"reason", std::string(why)}});
    return false;
  }

  DefinitionList finish() { return std::move(list_); }

 private:
  Words words_;
  Logger& log_;
  DefinitionList list_;
  std::set<std::string, std::less<>> keys_;
  std::size_t bytes_ = 0;
};

DefinitionAnswer of_tools(ListAnswer answer) {
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&answer)) return std::move(*refusal);
  if (auto* error = std::get_if<mcp::RpcError>(&answer)) return std::move(*error);
  auto& tools = std::get<ToolList>(answer);
  DefinitionList list;
  list.items.reserve(tools.tools.size());
  for (mcp::Tool& tool : tools.tools) list.items.push_back(std::move(tool.raw));
  list.dropped = std::move(tools.dropped);
  list.cache = tools.cache;
  list.truncated = tools.truncated;
  return list;
}

}  // namespace

std::string_view method_of(ListKind kind) {
  return words_of(kind).method;
}

Task<Result<DefinitionAnswer>> list_definitions(Peer& peer, ListKind kind, PeerTransport transport,
                                                Logger& log, std::chrono::milliseconds timeout) {
  if (kind == ListKind::tools) {
    Result<ListAnswer> answer = co_await list_tools(peer, transport, log, nullptr, timeout);
    if (!answer) co_return std::unexpected(answer.error());
    co_return of_tools(std::move(*answer));
  }
  const Words words = words_of(kind);
  Collector collector(words, log);
  std::set<std::string, std::less<>> cursors;
  std::string cursor_member;
  for (int page = 0; page < limits::kListPages; ++page) {
    mcp::Request request;
    request.method = words.method;
    if (!cursor_member.empty()) request.params.push_back(cursor_member);
    request.timeout = timeout;
    auto answer = co_await peer.request(std::move(request), nullptr);
    if (!answer) co_return std::unexpected(answer.error());
    if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*answer)) co_return std::move(*refusal);
    if (auto* error = std::get_if<mcp::RpcError>(&*answer)) co_return std::move(*error);
    const mcp::RawJson& raw = std::get<mcp::Success>(*answer).result;
    const jsonrpc::JsonView result = jsonrpc::JsonView::of_proved(raw.view());
    const auto entries = result.find(words.member);
    if (!entries || !entries->is_array())
      co_return fail(Errc::protocol, fmt::format("the server's {} answer has no array \"{}\"",
                                                 words.method, words.member));
    if (!collector.take(*entries, mcp::parse_cache_hints(raw.view()), page == 0))
      co_return collector.finish();
    const auto next = result.find("nextCursor");
    if (!next || !next->is_string()) co_return collector.finish();
    const std::string cursor = next->as_string().value_or("");
    if (!cursors.insert(cursor).second) {
      collector.cut("the server repeats a cursor");
      co_return collector.finish();
    }
    cursor_member = "\"cursor\":" + jsonrpc::quote(cursor);
  }
  collector.cut("more pages than we read (kListPages)");
  co_return collector.finish();
}

}  // namespace gatehouse::mcp_client
