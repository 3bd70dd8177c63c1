// Demo: one http origin on loopback with an authorization server and MCP servers beside it, so that
// Gatehouse can be tried, and tested, without any account (issue 2 §7). Started by `gatehouse demo`
// and by tests. Nobody has a password here: it refuses to listen anywhere but on loopback.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "demo/fault_plan.hpp"
#include "demo/quirks.hpp"
#include "oauth_server/context.hpp"

namespace gatehouse::demo {

/// The demo's client that acts for itself (client_secret_basic). No secret: it protects nothing.
inline constexpr std::string_view kMachineId = "demo-machine";
inline constexpr std::string_view kMachineSecret = "demo-machine-secret";

struct DemoSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8485;        ///< 0: any free port
  std::filesystem::path directory;  ///< keeps sign-ins over a restart; empty: nothing is kept
  std::chrono::seconds access_token_life{600};
  QuirkSet quirks;  ///< oddities to show
  /// Serves DemoUrls::control, and lets client ID metadata documents come from loopback. For tests.
  bool test_control = false;
};

struct DemoUrls {
  std::string base;     ///< "http://127.0.0.1:8485": the page that explains, and the issuer
  std::string notes;    ///< modern, protected
  std::string issues;   ///< legacy, protected
  std::string tools;    ///< both eras, open to everybody
  std::string control;  ///< test control; empty unless switched on
};

class Demo {
 public:
  /// Binds and listens; nothing is accepted before run(). `logger` and `clock` must outlive the
  /// demo. Errors: invalid_argument (address not on loopback), conflict (port in use), policy and
  /// storage (directory), unavailable.
  static Result<std::unique_ptr<Demo>> start(Executor executor, Logger& logger, const Clock& clock,
                                             DemoSettings settings);
  /// drain() must have returned, or the io_context must not run any more.
  virtual ~Demo() = default;

  virtual const DemoUrls& urls() const = 0;
  /// Serves until drain() is called.
  virtual Task<> run() = 0;
  /// Lets requests under way finish for a moment. Returns when nothing of the demo runs any more.
  virtual Task<> drain() = 0;

  /// What is to go wrong; empty unless a test fills it.
  virtual FaultPlan& faults() = 0;
  virtual const oauth_server::Counters& counters() const = 0;
  virtual void set_access_token_life(std::chrono::seconds life) = 0;
};

}  // namespace gatehouse::demo
