#include "gateway/names.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view kMark = "_-";
constexpr std::size_t kDigestLetters = 12;
constexpr std::size_t kTailBytes = kMark.size() + kDigestLetters;
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

std::string digest_letters(std::string_view connection, std::string_view name) {
  // The connection's name cannot hold a dot, so the text tells both apart.
  const std::string digest = sha256(std::string(connection) + "." + std::string(name));
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char byte : digest) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 5 && out.size() < kDigestLetters) {
      held -= 5;
      out += kBase32[(bits >> held) & 31];
    }
    if (out.size() == kDigestLetters) break;
  }
  return out;
}

}  // namespace

bool is_shortened(std::string_view name) {
  if (name.size() < kTailBytes) return false;
  const std::string_view tail = name.substr(name.size() - kTailBytes);
  if (!tail.starts_with(kMark)) return false;
  return tail.substr(kMark.size()).find_first_not_of(kBase32) == std::string_view::npos;
}

std::string public_name(std::string_view connection, std::string_view name) {
  std::string out(connection);
  out += '.';
  const bool fits = !name.empty() && out.size() + name.size() <= kPublicNameBytes;
  if (fits && std::ranges::all_of(name, is_allowed) && !is_shortened(name)) return out.append(name);
  const std::size_t room = kPublicNameBytes - std::min(kPublicNameBytes, out.size() + kTailBytes);
  for (std::size_t i = 0; i < name.size() && i < room; ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if ((byte & 0xC0) == 0x80) continue;  // one `_` for each character, however many bytes it has
    out += is_allowed(name[i]) ? name[i] : '_';
  }
  return out.append(kMark).append(digest_letters(connection, name));
}

std::optional<NameParts> split_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return NameParts{name.substr(0, dot), name.substr(dot + 1)};
}

}  // namespace gatehouse::gateway
