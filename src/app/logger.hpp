// The Logger of the process, on standard error: text for people, one JSON object per line for
// programs. Where no person looks, lines leave in batches (net::LogWriter), at the latest after 100
// ms, which is what a crash may cost (design §6).
#pragma once

#include <memory>

#include "base/log.hpp"

namespace gatehouse::app {

enum class LogStyle { text, json };

/// What happens when lines come faster than they are read.
enum class WhenFull {
  push_back,  ///< Logger::behind() says so, and calls that would be audited are refused meanwhile
  drop,       ///< lines are dropped and counted
};

std::unique_ptr<Logger> make_logger(LogLevel level, LogStyle style, WhenFull when_full);

}  // namespace gatehouse::app
