// gatehouse config-docs (hidden): prints docs/config.md.
#pragma once

#include "cli/command.hpp"

namespace gatehouse::app {

cli::CommandPtr make_config_docs_command();

}  // namespace gatehouse::app
