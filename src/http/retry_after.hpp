// Retry-After (RFC 9110 §10.2.3): seconds, or a date. Used for what upstreams answer. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace gatehouse::http {

/// How long the server wants to be left alone; never negative. Nothing when the value is neither a
/// number of seconds nor an IMF-fixdate, the one form of date that is made today.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, SystemTime now);

}  // namespace gatehouse::http
