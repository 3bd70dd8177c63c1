// Reading members of remote JSON documents by shape: what has another type than expected counts as
// absent. For the *_json.cpp files of this folder and of oauth_client/, which include Boost.JSON
// themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace gatehouse::oauth {

/// The document as an object. Errors: parse, naming `what`.
Result<boost::json::object> parse_object(std::string_view body, std::string_view what);

/// Empty when absent or not a string.
std::string string_member(const boost::json::object& object, std::string_view name);
bool bool_member(const boost::json::object& object, std::string_view name);
/// The strings of an array; nothing when absent or not an array.
std::optional<std::vector<std::string>> strings_member(const boost::json::object& object,
                                                       std::string_view name);
/// A number, or a string of digits as some servers send. Nothing when absent, negative or something
/// else; larger than `most` counts as `most`.
std::optional<std::int64_t> count_member(const boost::json::object& object, std::string_view name,
                                         std::int64_t most);

}  // namespace gatehouse::oauth
