// ClientCapabilities: from what a request or an `initialize` declared (specification: schema,
// ClientCapabilities). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "mcp/request.hpp"

namespace gatehouse::mcp {

/// From a proved raw JSON value. `elicitation: {}` means form (E-1). Errors: invalid_argument when
/// it is no object, or a member that must be an object is none.
Result<ClientCapabilities> parse_client_capabilities(std::string_view raw);

/// The capabilities with `raw` made from the flags.
ClientCapabilities make_client_capabilities(bool elicitation_form, bool elicitation_url,
                                            bool sampling = false, bool roots = false);

/// Whether a server may ask for `method` with these `params` (elicitation/create in its mode,
/// sampling/createMessage, roots/list). Raw params; empty when absent.
bool allows(const ClientCapabilities& capabilities, std::string_view method,
            std::string_view params);

}  // namespace gatehouse::mcp
