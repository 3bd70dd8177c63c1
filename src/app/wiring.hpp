// Wiring: builds everything a command needs, in order, and takes it down in reverse. The only place
// that knows everybody (style §6). One shard and a few workers; a command that serves asks for more
// shards.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "app/paths.hpp"
#include "base/secret.hpp"
#include "cli/services.hpp"

namespace gatehouse::app {

class Wiring {
 public:
  struct Order {
    Executor executor;
    Paths paths;
    Config config;
    Secret key;  ///< value of GATEHOUSE_KEY; empty: the key file
    Environment environment;
    Logger& log;              ///< outlives the wiring
    cli::Terminal& terminal;  ///< outlives the wiring
  };

  /// Opens the store, which blocks. Errors: policy, storage, unsupported, invalid_argument; each
  /// says the fix.
  static Result<std::unique_ptr<Wiring>> build(Order order);
  /// Await shutdown() first.
  virtual ~Wiring() = default;
  virtual cli::Services& services() = 0;
  /// Ends sessions, child processes and background tasks.
  virtual Task<> shutdown() = 0;
};

}  // namespace gatehouse::app
