// What a client asks for, settled against what there is: scope and resource. Pure.
#pragma once

#include <string>
#include <string_view>

#include "oauth_server/answers.hpp"
#include "oauth_server/context.hpp"

namespace gatehouse::oauth_server {

/// The scope to ask the person for. Errors: invalid_scope.
Outcome<std::string> settle_scope(const Settings& settings, std::string_view requested);

/// Errors: invalid_target (RFC 8707 §2).
Outcome<std::string> settle_resource(const Settings& settings, const Parameters& parameters);

}  // namespace gatehouse::oauth_server
