// What makes an MCP server of the demo a protected resource: its RFC 9728 document, and the check
// of Host, Origin and access token on every request (reference Z-1 … Z-4, X-4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "demo/tool_service.hpp"
#include "http/server.hpp"
#include "oauth_server/authorization_server.hpp"

namespace gatehouse::demo {

/// Names of this origin that a browser or a client may use; anything else is a rebound name.
class OwnHosts final {
 public:
  explicit OwnHosts(std::uint16_t port);
  bool has_host(const http::Headers& headers) const;
  /// True when there is no Origin, or it is ours.
  bool has_origin(const http::Headers& headers) const;

 private:
  std::vector<std::string> authorities_;
};

struct Resource {
  std::string url;                  ///< RFC 8707 identifier, byte for byte
  std::string name;                 ///< for people
  std::string metadata_url;         ///< RFC 9728
  std::vector<std::string> scopes;  ///< what a first sign-in should ask for
};

/// The body of the RFC 9728 document.
std::string make_resource_metadata(const Resource& resource, std::string_view issuer);

/// What strangers may do.
enum class Strangers {
  refused,
  may_look,  ///< handshake and lists; calls are refused
};

class ResourceAuthenticator final : public mcp_server::Authenticator {
 public:
  /// All must outlive it.
  ResourceAuthenticator(const Resource& resource, oauth_server::AuthorizationServer& server,
                        const OwnHosts& hosts, Strangers strangers = Strangers::refused)
      : resource_(resource), server_(server), hosts_(hosts), strangers_(strangers) {}
  Task<std::variant<std::shared_ptr<const mcp_server::Caller>, http::Response>> authenticate(
      const http::Exchange& exchange) override;

 private:
  http::Response challenge(std::string_view error) const;
  const Resource& resource_;
  oauth_server::AuthorizationServer& server_;
  const OwnHosts& hosts_;
  Strangers strangers_;
};

/// For the open server: everybody is the same anonymous caller.
class OpenAuthenticator final : public mcp_server::Authenticator {
 public:
  explicit OpenAuthenticator(const OwnHosts& hosts);
  Task<std::variant<std::shared_ptr<const mcp_server::Caller>, http::Response>> authenticate(
      const http::Exchange& exchange) override;

 private:
  const OwnHosts& hosts_;
  std::shared_ptr<const mcp_server::Caller> anonymous_;
};

}  // namespace gatehouse::demo
