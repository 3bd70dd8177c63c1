#include "catalog/capability.hpp"

#include <algorithm>

namespace gatehouse::catalog {

std::string_view to_string(Risk risk) {
  switch (risk) {
    case Risk::read:
      return "read";
    case Risk::write:
      return "write";
    case Risk::destructive:
      return "destructive";
  }
  return "write";
}

std::string capability_name(std::string_view connection, std::string_view tool) {
  std::string name;
  name.reserve(connection.size() + 1 + tool.size());
  name.append(connection).append(1, '.').append(tool);
  return name;
}

std::string_view first_sentence(std::string_view description, std::size_t max_bytes) {
  constexpr std::size_t shortest = 10;  // "E.g. this" and "No. 5" are not sentences
  const std::size_t start = std::min(description.find_first_not_of(" \t\r\n"), description.size());
  description.remove_prefix(start);
  std::size_t limit = std::min(description.size(), max_bytes);
  for (std::size_t i = 0; i < limit; ++i) {
    const char c = description[i];
    if (c == '\n' || c == '\r') return description.substr(0, i);
    if (description.substr(i, 3) == "。" && i + 3 <= limit) return description.substr(0, i + 3);
    const bool stop = c == '.' || c == '!' || c == '?';
    const bool followed = i + 1 < description.size() && description[i + 1] != ' ';
    if (stop && i >= shortest && !followed) return description.substr(0, i + 1);
  }
  const auto continues = [&](std::size_t i) {
    return i < description.size() && (static_cast<unsigned char>(description[i]) & 0xC0) == 0x80;
  };
  while (limit > 0 && continues(limit)) --limit;
  return description.substr(0, limit);
}

}  // namespace gatehouse::catalog
