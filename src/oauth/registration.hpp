// Dynamic client registration (RFC 7591): request and answer, and which authentication method to
// ask for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"
#include "oauth/metadata.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth {

struct ClientMetadata {
  std::string client_name = "Gatehouse";
  std::string client_uri;
  std::vector<std::string> redirect_uris;
  ClientAuthMethod auth_method = ClientAuthMethod::none;
  std::string scope;          ///< empty: the member is omitted
  bool device_grant = false;  ///< also asks for the device grant (RFC 8628)
};

/// "native" when every redirect URI is on loopback, "web" otherwise.
std::string_view application_type(const std::vector<std::string>& redirect_uris);

/// Asks for authorization_code and refresh_token, and for the device grant where that is wanted.
http::Request make_registration_request(std::string_view registration_endpoint,
                                        const ClientMetadata& client);

struct RegistrationResponse {
  std::string client_id;
  Secret client_secret;                           ///< empty: public client
  std::optional<std::int64_t> secret_expires_at;  ///< Unix seconds; nothing: never or not said
  std::string auth_method;                        ///< as answered; empty when absent
  std::vector<std::string> redirect_uris;         ///< as answered; empty when absent
  std::string registration_client_uri;            ///< RFC 7592
  Secret registration_access_token;
};

/// Errors: rejected (with the server's reason quoted and what to do), server_error, rate_limited,
/// protocol.
Result<RegistrationResponse> parse_registration_response(int status, std::string_view body);

/// What to ask for at registration: none if the server takes public clients, else basic, else post
/// (metadata without a list means basic, RFC 8414 §2). Errors: unsupported, naming what is offered.
Result<ClientAuthMethod> choose_auth_method(const AuthorizationServerMetadata& server);

/// How a registered client authenticates: what the answer says where it can be (a secret is there,
/// or none is needed), else what the metadata offers for what was given.
Result<ClientAuthMethod> settle_auth_method(const RegistrationResponse& response,
                                            const AuthorizationServerMetadata& server);

/// What a person gave along with a client id.
struct PreregisteredClient {
  bool has_secret = false;
  bool has_key = false;  ///< a private key
  std::string method;    ///< chosen by the person; empty: by what there is
};
/// The chosen method where what it needs is there; else private_key_jwt with a key, a secret the
/// way the server takes it, or none. Errors: invalid_argument, unsupported (an unknown method).
Result<ClientAuthMethod> preregistered_auth_method(const PreregisteredClient& client,
                                                   const AuthorizationServerMetadata& server);

}  // namespace gatehouse::oauth
