// Rewrites what a server sends for agents at /mcp/all: resource URIs wherever the protocol has them
// (reference G-5), and the names of list items. Only those string literals are exchanged; every
// other byte stays (design §3, "Bytes"). What is data of a tool, structuredContent above all, is
// not looked at. Used by the aggregate service and by followers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::gateway {

/// The URI that a request was for and how the agent wrote it: the result names it in the same way.
struct AskedUri {
  std::string_view original;
  std::string_view as_asked;
};

/// The result (or, for a notification, the params) of `method` with its URIs mapped; nothing when
/// there is none to map. `json` is a proved object. Knows resources/list, resources/templates/list,
/// resources/read, tools/list, tools/call, prompts/get, tasks/get, notifications/resources/updated
/// and notifications/tasks; leaves others alone. Errors: too_large.
Result<std::optional<std::string>> map_uris(std::string_view method, std::string_view connection,
                                            std::string_view json, AskedUri asked = {});

enum class ItemKind { tool, prompt, resource, resource_template };

/// One item of a list, a proved object, with its URIs mapped; tools and prompts get `name` as their
/// name. Errors: too_large.
Result<std::string> map_item(ItemKind kind, std::string_view connection, std::string_view json,
                             std::string_view name = {});

/// A member's value exchanged for another raw JSON value: `json` itself when it has no such member.
std::string replace_member(std::string_view json, std::string_view member, std::string_view raw);

}  // namespace gatehouse::gateway
