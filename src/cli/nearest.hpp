// The word that was probably meant: for unknown commands, connections, tools and configuration
// keys. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse::cli {

/// The word closest to `typed` by edit distance, if it is close enough to be a slip: at most a
/// third of its letters differ (but at least one may), or one begins with the other.
std::optional<std::string> find_nearest(std::string_view typed, std::span<const std::string> words);

/// " Did you mean \"x\"?" or nothing.
std::string suggestion(std::string_view typed, std::span<const std::string> words);

}  // namespace gatehouse::cli
