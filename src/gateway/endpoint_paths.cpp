#include "gateway/endpoint_paths.hpp"

#include <algorithm>

namespace gatehouse::gateway {
namespace {

/// As connections are named: [a-z0-9][a-z0-9_-]{0,31}.
bool is_connection_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 32 && plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '_' || c == '-'; });
}

}  // namespace

std::optional<std::string_view> connection_of_path(std::string_view path) {
  if (!path.starts_with(kConnectionPrefix)) return std::nullopt;
  const std::string_view name = path.substr(kConnectionPrefix.size());
  if (!is_connection_name(name)) return std::nullopt;
  return name;
}

bool is_endpoint_path(std::string_view path) {
  return path == kMcpPath || path == kAggregatePath || connection_of_path(path).has_value();
}

std::string connection_path(std::string_view connection) {
  return std::string(kConnectionPrefix).append(connection);
}

}  // namespace gatehouse::gateway
