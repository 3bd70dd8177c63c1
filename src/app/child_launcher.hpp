// ChildLauncher: starts the command of a stdio connection, with what its references refer to read
// at each start. Built by wiring for each upstream; only that upstream fails when a reference
// cannot be read.
#pragma once

#include <memory>
#include <optional>

#include "app/paths.hpp"
#include "base/clock.hpp"
#include "jsonrpc/line_channel.hpp"
#include "mcp_client/connect.hpp"
#include "vault/records.hpp"
#include "vault/secret_resolver.hpp"

namespace gatehouse::app {

class ChildLauncher final : public mcp_client::Launcher {
 public:
  /// All must outlive this. The command words of a connection that comes from a configuration file
  /// are references as well.
  struct Parts {
    jsonrpc::Launcher& processes;
    const Environment& environment;
    vault::SecretResolver read_secret;
    const Clock& clock;
  };
  ChildLauncher(Parts parts, vault::Connection connection)
      : parts_(std::move(parts)), connection_(std::move(connection)) {}

  /// Errors: those of jsonrpc::Launcher and vault::SecretResolver.
  Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> launch() override;

 private:
  Task<Result<jsonrpc::ProcessSpec>> make_process();
  Task<Result<std::string>> read_word(std::string word);

  Parts parts_;
  vault::Connection connection_;
  /// The probe's process and the one that stays are started one after the other: a command that
  /// asks its person for a password is run once for both.
  std::optional<jsonrpc::ProcessSpec> last_;
  SteadyTime last_at_{};
};

}  // namespace gatehouse::app
