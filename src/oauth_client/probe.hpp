// The requests that discovery makes without credentials, to be challenged: the smallest one of each
// era, and a list of tools, since a public handshake proves nothing. Pure.
#pragma once

#include <string_view>

#include "http/message.hpp"

namespace gatehouse::oauth_client {

http::Request make_modern_probe(std::string_view url, std::string_view method);  ///< 2026-07-28
/// What is asked for first, and what where that is refused outright.
inline constexpr std::string_view kLegacyProbe = "2025-11-25";
inline constexpr std::string_view kOlderProbe = "2025-06-18";
http::Request make_initialize_probe(std::string_view url, std::string_view version);
/// A request or notification of a legacy session; `session` may be empty.
http::Request make_session_probe(std::string_view url, std::string_view body,
                                 std::string_view session, std::string_view version);
/// HTTP+SSE of 2024-11-05: a GET that opens the event stream.
http::Request make_stream_probe(std::string_view url);

inline constexpr std::string_view kInitializedBody =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
inline constexpr std::string_view kListToolsBody =
    R"({"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}})";

/// What an answer to a probe says about authentication.
enum class ProbeVerdict {
  challenged,  ///< 401, or 403 with a challenge
  open,        ///< 2xx with a JSON-RPC result
  modern,   ///< an error that only a 2026-07-28 server gives: never fall back to a handshake (V-5)
  refused,  ///< the server does not speak this era, or not to us; proves nothing
};
/// `body` is JSON or the text of an event stream; `challenges` counts WWW-Authenticate fields.
ProbeVerdict judge_probe(int status, std::string_view body, std::size_t challenges);

}  // namespace gatehouse::oauth_client
