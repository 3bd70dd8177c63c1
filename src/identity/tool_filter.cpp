#include "identity/tool_filter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"

namespace gatehouse::identity {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The position behind the character at `at`.
std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && is_continuation(text[at])) ++at;
  return at;
}

bool any_matches(const std::vector<std::string>& globs, std::string_view tool) {
  return std::ranges::any_of(globs, [&](const auto& glob) { return matches_glob(glob, tool); });
}

}  // namespace

bool matches_glob(std::string_view glob, std::string_view name) {
  constexpr auto kNone = std::string_view::npos;
  std::size_t at = 0, in_glob = 0;
  std::size_t star = kNone, taken = 0;  // the last star, and what it has swallowed so far
  while (at < name.size()) {
    if (in_glob < glob.size() && glob[in_glob] == '*') {
      star = in_glob++;
      taken = at;
    } else if (in_glob < glob.size() && glob[in_glob] == '?') {
      ++in_glob;
      at = next_character(name, at);
    } else if (in_glob < glob.size() && glob[in_glob] == name[at]) {
      ++in_glob;
      ++at;
    } else if (star != kNone) {
      // Only the last star needs to take more: what stood before it fits already.
      in_glob = star + 1;
      taken = next_character(name, taken);
      at = taken;
    } else {
      return false;
    }
  }
  while (in_glob < glob.size() && glob[in_glob] == '*') ++in_glob;
  return in_glob == glob.size();
}

bool allows_tool(const vault::ToolFilter& filter, std::string_view tool) {
  if (any_matches(filter.exclude, tool)) return false;
  return filter.include.empty() || any_matches(filter.include, tool);
}

Result<void> check_glob(std::string_view glob) {
  if (glob.empty())
    return fail(Errc::invalid_argument, "a tool pattern is empty", "* stands for every tool");
  if (glob.size() > limits::kToolGlobBytes) {
    return fail(Errc::invalid_argument,
                fmt::format("a tool pattern is longer than {} bytes (kToolGlobBytes)",
                            limits::kToolGlobBytes));
  }
  const bool plain = std::ranges::none_of(
      glob, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (!plain)
    return fail(Errc::invalid_argument,
                fmt::format("the tool pattern {} has control characters", quote_remote(glob, 60)));
  return {};
}

bool is_served(const vault::Connection& connection) {
  return connection.options.enabled && connection.role == vault::Role::server;
}

}  // namespace gatehouse::identity
