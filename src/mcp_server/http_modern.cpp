// The modern half of HttpEndpoint: 2026-07-28, one request at a time, nothing remembered (reference
// B-4, T-1 … T-8).
#include "mcp/versions.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/http_state.hpp"
#include "mcp_server/run_service.hpp"

namespace gatehouse::mcp_server {
namespace {

/// A server of 2025-11-25 and earlier answers a version that it does not know like this (O-1).
Reply::Failure not_legacy() {
  return {jsonrpc::kInvalidRequest,
          "unsupported MCP-Protocol-Version; this server speaks 2025-11-25, 2025-06-18 and "
          "2025-03-26 after initialize",
          {},
          400};
}

}  // namespace

Task<> HttpEndpoint::State::modern(http::Exchange& exchange, CallerPtr caller,
                                   jsonrpc::Message message) {
  if (settings.eras == Eras::legacy_only) {
    co_return co_await refuse(exchange, 400, std::string(message.id), not_legacy());
  }
  // This revision has no notification to a server over HTTP; what comes is dropped (T-4).
  if (message.kind == jsonrpc::MessageKind::notification) {
    co_return co_await plain(exchange, 202, {});
  }
  if (message.kind != jsonrpc::MessageKind::request) {
    const Reply::Failure failure{jsonrpc::kInvalidRequest, "a client sends no responses", {}, 400};
    co_return co_await refuse(exchange, 400, {}, failure);
  }
  const http::Headers& headers = exchange.request().headers;
  auto wrong = check_meta(message);
  if (!wrong) wrong = check_version_header(message, headers);
  if (!wrong) wrong = check_version(message);
  if (!wrong) wrong = check_headers(message, headers);
  if (wrong)
    co_return co_await refuse(exchange, http_status_of(*wrong), std::string(message.id), *wrong);
  if (is_removed_method(message.method)) {
    const Reply::Failure failure = unknown_method(message.method);
    co_return co_await refuse(exchange, http_status_of(failure), std::string(message.id), failure);
  }
  if (message.method == "subscriptions/listen") {
    co_return co_await listen(exchange, std::move(caller), std::move(message));
  }
  HttpCall call(std::move(caller), mcp::kModernVersion, std::move(message), transport_of(exchange));
  if (server_info.empty()) co_await learn_server_info(call.caller());
  auto malformed = call.parse();
  const Reply reply = malformed ? Reply{std::move(*malformed)}
                      : call.method() == "server/discover"
                          ? co_await discover(call.caller())
                          : co_await run_service(service, call, logger);
  co_await answer(exchange, call, reply);
}

Task<Reply> HttpEndpoint::State::discover(const Caller& caller) {
  const ServerDescription description = co_await service.describe(caller);
  co_return Reply{Reply::Result{make_discover_members(description), {}}};
}

Task<> HttpEndpoint::State::learn_server_info(const Caller& caller) {
  const ServerDescription description = co_await service.describe(caller);
  server_info = make_server_info(description);
}

}  // namespace gatehouse::mcp_server
