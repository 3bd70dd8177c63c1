// The client configuration endpoint of a registered client (RFC 7592): requests to it, and what an
// answer says about the client. Pure.
#pragma once

#include <string_view>

#include "base/secret.hpp"
#include "http/message.hpp"

namespace gatehouse::oauth {

/// RFC 7592 §2.1: reads the client's registration; parse_registration_response() takes the answer.
http::Request make_client_read_request(std::string_view registration_client_uri,
                                       const Secret& registration_access_token);
/// RFC 7592 §2.3.
http::Request make_client_delete_request(std::string_view registration_client_uri,
                                         const Secret& registration_access_token);

/// The server says that there is no such client (RFC 7592 §2.1: 401 without more ado; in practice
/// also 404 and 410). 403 is a refusal to this request and says nothing of the client.
bool says_client_is_gone(int status);

}  // namespace gatehouse::oauth
