// EraProbe: which era a server speaks, judged from its answer to `server/discover` (V-5 … V-7).
// Driven by open_http() and open_stdio(). Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/result.hpp"
#include "http/client.hpp"
#include "mcp/request.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client::era_probe {

struct Modern {
  ServerInfo info;
};
struct RetryVersion {
  std::string version;  ///< the server refused ours and named this one (-32022)
};
struct Legacy {};
struct Refused {
  mcp::HttpRefusal refusal;  ///< authorize first, then probe: proves nothing
};
struct Inconclusive {
  Error error;  ///< 5xx, 429: proves nothing
};

using Verdict = std::variant<Modern, RetryVersion, Legacy, Refused, Inconclusive>;

/// `message`: the body, or the data of the one event of a stream.
Verdict judge_http(const http::Reply& reply, std::string_view message, std::string_view url);

/// A line that a stdio server answered.
Verdict judge_line(std::string_view line);

}  // namespace gatehouse::mcp_client::era_probe
