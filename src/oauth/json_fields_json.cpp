#include <boost/json.hpp>
#include <cmath>
#include <cstdint>

#include "base/limits.hpp"
#include "oauth/json_fields.hpp"

namespace gatehouse::oauth {
namespace {

std::optional<std::int64_t> count_of(std::string_view text, std::int64_t most) {
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c == '.') break;  // "3599.5"
    if (c < '0' || c > '9') return std::nullopt;
    if (value > (most - (c - '0')) / 10) return most;
    value = value * 10 + (c - '0');
  }
  return std::min(value, most);
}

}  // namespace

Result<boost::json::object> parse_object(std::string_view body, std::string_view what) {
  boost::json::parse_options options;
  options.max_depth = limits::kJsonDepth;
  boost::system::error_code error;
  const boost::json::string_view text(body.data(), body.size());
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error) return fail(Errc::parse, std::string(what) + " is not JSON: " + error.message());
  if (!value.is_object()) return fail(Errc::parse, std::string(what) + " is not a JSON object");
  return std::move(value.as_object());
}

std::string string_member(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string().data(), value->get_string().size());
}

bool bool_member(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(boost::json::string_view(name.data(), name.size()));
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::vector<std::string>> strings_member(const boost::json::object& object,
                                                       std::string_view name) {
  const auto* value = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<std::string> strings;
  for (const boost::json::value& item : value->get_array())
    if (item.is_string()) strings.emplace_back(item.get_string().data(), item.get_string().size());
  return strings;
}

std::optional<std::int64_t> count_member(const boost::json::object& object, std::string_view name,
                                         std::int64_t most) {
  const auto* value = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (value == nullptr) return std::nullopt;
  if (value->is_string())
    return count_of(std::string_view(value->get_string().data(), value->get_string().size()), most);
  if (value->is_uint64()) {
    const std::uint64_t number = value->get_uint64();
    return number > static_cast<std::uint64_t>(most) ? most : static_cast<std::int64_t>(number);
  }
  if (value->is_int64()) {
    if (value->get_int64() < 0) return std::nullopt;
    return std::min(value->get_int64(), most);
  }
  if (value->is_double()) {
    const double number = value->get_double();
    if (std::isnan(number) || number < 0) return std::nullopt;
    return number >= static_cast<double>(most) ? most : static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

}  // namespace gatehouse::oauth
