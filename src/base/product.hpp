// What this program calls itself to others: clientInfo, User-Agent, --version. From the build.
#pragma once

#include <string_view>

namespace gatehouse {

inline constexpr std::string_view kProductName = "gatehouse";
std::string_view product_version();  ///< "0.1.0"

}  // namespace gatehouse
