// Whose a web resource is. https URIs stay as they are at /mcp/all (decision 0010), so a request
// for one is routed by what servers list. Used by the aggregate service and by followers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "gateway/directory.hpp"
#include "gateway/resource_uris.hpp"
#include "identity/principal.hpp"

namespace gatehouse::gateway {

/// Of the connections that the principal may see: the one that lists this very URI or template;
/// where none does, the one with a template that begins like it. Errors: not_found, and
/// invalid_argument where there are several, naming the URIs that tell them apart.
Result<std::string> web_resource_owner(const Directory& directory,
                                       const identity::Principal& principal, std::string_view uri);

/// A URI that an agent sent, with its connection found whatever its form is. Errors: not_found,
/// invalid_argument.
Result<OriginalUri> find_resource(const Directory& directory, const identity::Principal& principal,
                                  std::string_view uri);

}  // namespace gatehouse::gateway
