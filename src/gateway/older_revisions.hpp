// Results of newer servers for agents of older revisions (reference §13.5): what their schemas
// would not take is left out or told in words; everything else stays byte for byte. What every
// legacy revision lacks (resultType, caching hints) is mcp_server/answer's matter. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::gateway {

/// The result of `method` for an agent of `revision`; nothing when it may pass as it is.
///   tools/list, all legacy:  an inputSchema without `type` gets "object", an outputSchema that
///                            describes no object is left out
///   tools/call, prompts/get before 2025-06-18:  links to resources become text
std::optional<std::string> for_older_revision(std::string_view method, std::string_view revision,
                                              std::string_view raw_result);

}  // namespace gatehouse::gateway
