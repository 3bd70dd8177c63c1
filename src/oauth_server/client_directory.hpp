// Who a client_id stands for: a registration of ours, or a client ID metadata document that is
// fetched and kept for some minutes (reference Z-7). Also authenticates clients at the token and
// revocation endpoints (RFC 6749 §2.3).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "oauth_server/answers.hpp"
#include "oauth_server/context.hpp"

namespace gatehouse::oauth_server {

class ClientDirectory final {
 public:
  explicit ClientDirectory(Context& context) : context_(context) {}

  /// Errors: invalid_client (unknown, or its document is unusable), server_error.
  Task<Outcome<Client>> find(std::string client_id);
  /// The client that a form post comes from: Basic header, or client_id (and client_secret) in the
  /// body, as it was registered. Errors: invalid_client with 401, invalid_request, server_error.
  Task<Outcome<Client>> authenticate(const http::Request& request, const Parameters& form);

 private:
  struct Cached {
    Client client;
    SystemTime until;
  };
  Task<Outcome<Client>> fetch(std::string url);

  Context& context_;
  std::map<std::string, Cached> documents_;
};

/// RFC 7591 §2 members, as a registration or a document has them. Errors: invalid_client_metadata,
/// invalid_redirect_uri. The id, the secret and `created` are the caller's.
Outcome<Client> parse_client_metadata(std::string_view body);
/// A client ID metadata document fetched from `url`. Errors: invalid_client.
Outcome<Client> parse_client_document(std::string_view body, std::string_view url);

}  // namespace gatehouse::oauth_server
