#include "app/keys.hpp"

#include <fmt/format.h>

#include "async/run.hpp"
#include "async/timer.hpp"
#include "base/limits.hpp"
#include "net/command_runner.hpp"

namespace gatehouse::app {
namespace {

jsonrpc::ProcessSpec process_of(const std::vector<std::string>& command,
                                const Environment& environment) {
  jsonrpc::ProcessSpec spec;
  spec.argv = command;
  spec.name = "key.command";
  // What password managers and cloud clients need to find the person's session and settings.
  for (const char* name : {"HOME", "PATH", "USER", "LOGNAME", "LANG", "XDG_RUNTIME_DIR",
                           "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "GPG_TTY",
                           "SSH_AUTH_SOCK", "CREDENTIALS_DIRECTORY"}) {
    if (const std::optional<std::string> value = environment(name)) spec.environment[name] = *value;
  }
  return spec;
}

// Runs at start, before there is a shard, and on a worker when a rotation is noticed: a context of
// its own each time.
Result<Secret> run_command(const jsonrpc::ProcessSpec& spec) {
  boost::asio::io_context context(1);
  net::ProcessRunner runner(context.get_executor());
  Result<jsonrpc::CommandOutput> output = run_to_end(
      context,
      with_timeout(limits::kKeyCommand, runner.run(spec, limits::kKeyCommandBytes), "key.command"));
  const std::string name = quote_remote(spec.argv.front(), 80);
  if (!output)
    return fail(output.error().code,
                fmt::format("the key command {}: {}", name, output.error().detail),
                "mend key.command, or run it by hand to see what it does");
  if (output->status != 0)
    return fail(Errc::rejected,
                fmt::format("the key command {} failed with status {}: {}", name, output->status,
                            quote_remote(output->last_words, 300)),
                "run it by hand to see what it needs");
  return Secret(std::move(output->text));
}

}  // namespace

Result<Keys> load_keys(const Paths& paths, const Config& config, const Environment& environment,
                       Secret value) {
  Keys keys;
  keys.keyring = vault::make_secret_service();
  vault::KeySources::Parts parts;
  parts.folder = paths.data;
  parts.configured = config.key_source;
  parts.value = std::move(value);
  parts.keyring = keys.keyring.get();
  std::error_code error;
  parts.new_store = !std::filesystem::exists(paths.database(), error);
  if (!config.key_command.empty()) {
    parts.command = std::make_unique<vault::CommandKeySource>(
        quote_remote(config.key_command.front(), 80),
        [spec = process_of(config.key_command, environment)] { return run_command(spec); });
  }
  keys.sources = std::make_shared<vault::KeySources>(std::move(parts));
  Result<std::vector<vault::MasterKey>> found = keys.sources->load();
  if (!found) return std::unexpected(found.error());
  keys.held = std::make_shared<vault::HeldKeys>(
      std::move(*found), [sources = keys.sources] { return sources->load(); });
  return keys;
}

}  // namespace gatehouse::app
