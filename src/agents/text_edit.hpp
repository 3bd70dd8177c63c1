// Edits of one member in a JSON text that people keep by hand: comments, order and white space of
// everything else stay. Used by installation.cpp. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::agents {

/// `text` with `container.name` set to this raw value; the container is made where it is missing,
/// as is the document of an empty text. Errors: parse.
Result<std::string> set_json_member(std::string_view text, std::string_view container,
                                    std::string_view name, std::string_view raw_value);
/// Without it; the same text when it is not there. Errors: parse.
Result<std::string> erase_json_member(std::string_view text, std::string_view container,
                                      std::string_view name);

/// Equal for documents that differ in nothing but the member at `path`, and the objects on the way
/// to it as far as they are empty or null otherwise. White space inside of arrays counts. Empty for
/// what is no JSON.
std::string fingerprint_without(std::string_view json, std::span<const std::string> path);

}  // namespace gatehouse::agents
