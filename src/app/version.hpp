// The version of this program, from the build.
#pragma once

#include <string>

namespace gatehouse::app {

std::string version();  ///< "0.1.0"

}  // namespace gatehouse::app
