// What --help, the manual pages and completion say about the program as a whole. Pure.
#pragma once

#include <span>
#include <string_view>

namespace gatehouse::cli {

std::string_view program_summary();
std::string_view program_footer();

/// Of "token" in "token create"; empty for what is no group.
std::string_view group_summary(std::string_view group);

/// A flag that every command takes.
struct GeneralFlag {
  const char* name;   ///< "--verbose"
  const char* names;  ///< "-v,--verbose"
  const char* help;
};
std::span<const GeneralFlag> general_flags();

}  // namespace gatehouse::cli
