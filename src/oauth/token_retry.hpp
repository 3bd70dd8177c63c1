// What a token endpoint's refusal says about the form of the request rather than about the grant:
// then the request is worth repeating once in another form, since a definite 4xx consumed nothing.
// Judged by the shape of the answer, never by whose server it is. Used by
// oauth_client/token_request.cpp. Pure.
#pragma once

#include <string_view>

#include "http/message.hpp"

namespace gatehouse::oauth {

enum class TokenRetry {
  none,              ///< the answer stands
  as_json,           ///< the server reads JSON bodies only
  without_scope,     ///< refresh: the scope is as granted anyway (RFC 6749 §6)
  without_resource,  ///< refresh: the server does not know RFC 8707 here
};

/// `sent` is a form request of token.hpp, `status` and `body` its answer. 5xx, 429 and anything
/// about grant or client is `none`; `resource` and `scope` are left out of refresh requests only: a
/// code may be spent by the refusal, and what is asked for at first is asked for on purpose.
TokenRetry judge_refusal(const http::Request& sent, int status, std::string_view body);

/// The same form with one JSON object of strings for a body.
http::Request as_json_request(http::Request form);
/// The same form without the parameter.
http::Request without_parameter(http::Request form, std::string_view name);

}  // namespace gatehouse::oauth
