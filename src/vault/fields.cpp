#include "vault/fields.hpp"

#include <cstdint>

namespace gatehouse::vault {

void append_field(std::string& out, std::string_view field) {
  const auto size = static_cast<std::uint32_t>(field.size());
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((size >> shift) & 0xff);
  out += field;
}

std::string encode_fields(const std::vector<std::string_view>& fields) {
  std::size_t total = 0;
  for (const std::string_view field : fields) total += field.size() + 4;
  std::string out;
  out.reserve(total);  // no reallocation: no unwiped copies of secrets
  for (const std::string_view field : fields) append_field(out, field);
  return out;
}

std::optional<std::vector<std::string_view>> decode_fields(std::string_view bytes) {
  std::vector<std::string_view> fields;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return std::nullopt;
    std::uint32_t size = 0;
    for (int i = 0; i < 4; ++i) size = (size << 8) | static_cast<unsigned char>(bytes[i]);
    bytes.remove_prefix(4);
    if (bytes.size() < size) return std::nullopt;
    fields.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return fields;
}

}  // namespace gatehouse::vault
