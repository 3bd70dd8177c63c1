// The Logger of the process, on standard error: text for people, one JSON object per line for
// programs. The only user of spdlog.
#pragma once

#include <memory>

#include "base/log.hpp"

namespace gatehouse::app {

enum class LogStyle { text, json };

std::unique_ptr<Logger> make_logger(LogLevel level, LogStyle style);

}  // namespace gatehouse::app
