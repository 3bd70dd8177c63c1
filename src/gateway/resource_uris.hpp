// Resource URIs at /mcp/all (decision 0010): unique per server only, so that of several servers is
// put in front, in a way that clients and models can read and that leads back without a table.
//
//   file:///home/ada/x        gatehouse://notes/file:///home/ada/x
//   ui://board/view.html      ui://notes/board/view.html          (MCP Apps demand the scheme)
//   https://example.com/x     https://example.com/x               (clients may fetch it themselves)
//
// Templates (RFC 6570) are mapped like URIs and expand to mapped URIs, because only literal text is
// put in front. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::gateway {

/// What to put in front of a server's URI or template, and how much of it to leave out.
struct UriPrefix {
  std::string text;      ///< empty: it stays as it is
  std::size_t drop = 0;  ///< bytes of the original that the prefix stands for
};
UriPrefix uri_prefix(std::string_view connection, std::string_view uri);

/// The URI or template as agents at /mcp/all see it.
std::string map_uri(std::string_view connection, std::string_view uri);

/// True for https: such a URI is shown as it is, and says nothing about whose it is.
bool is_web_uri(std::string_view uri);

/// What an agent sent taken apart. `connection` is empty for a web URI.
struct OriginalUri {
  std::string connection;
  std::string uri;
};
/// Nothing for what map_uri() cannot have made. Also takes `gatehouse://<connection>/https://…`, by
/// which a web URI is read through its server.
std::optional<OriginalUri> original_uri(std::string_view mapped);

/// `gatehouse://<connection>/<uri>`, for web URIs too.
std::string explicit_uri(std::string_view connection, std::string_view uri);

}  // namespace gatehouse::gateway
