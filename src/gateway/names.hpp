// Names of capabilities as agents see them: `<connection>.<name>` for tools and prompts (design §2,
// reference F-2, G-4). A name depends on nothing but the connection and the server's own name, fits
// 64 characters of [A-Za-z0-9_.-], and leads back: Directory keeps the few that were shortened.
// Used by the directory, the two tools, /mcp/all and the commands. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::gateway {

/// Model APIs often refuse longer names.
inline constexpr std::size_t kPublicNameBytes = 64;

/// `<connection>.<name>` where that fits and is made of allowed characters. Otherwise the name's
/// first characters, odd ones as `_`, and `_-` with 12 characters [a-z2-7] of the SHA-256 of both.
/// A server's own name that looks like that is treated so too: no plain name is another one's
/// short form. Two names of one server get the same only when 60 bits of their digests agree; then
/// the first in the server's order has it, and the other is reached by its full form.
/// `connection` is one of ours: [a-z0-9][a-z0-9_-]{0,31}.
std::string public_name(std::string_view connection, std::string_view name);

/// True for what public_name() shortened, and for no name that it left as it was.
bool is_shortened(std::string_view name);

/// A public name or the full form taken apart at the first dot, which no connection's name has.
struct NameParts {
  std::string_view connection;
  std::string_view name;  ///< as its server knows it, or shortened
};
std::optional<NameParts> split_name(std::string_view name);

}  // namespace gatehouse::gateway
