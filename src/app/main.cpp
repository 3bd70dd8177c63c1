// The program: command line, configuration, wiring, one command, exit code. The outermost exception
// fence (style §3).
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/config.hpp"
#include "app/config_command.hpp"
#include "app/logger.hpp"
#include "app/paths.hpp"
#include "app/shell_commands.hpp"
#include "app/version.hpp"
#include "app/wiring.hpp"
#include "async/run.hpp"
#include "cli/file_notes.hpp"
#include "cli/parser.hpp"
#include "cli/posix_terminal.hpp"
#include "cli/table.hpp"
#include "net/signals.hpp"

namespace gatehouse::app {
namespace {

using cli::Exit;

Exit report(const Error& error) {
  std::string text = "gatehouse: " + cli::printable_block(error.detail) + "\n";
  if (!error.hint.empty()) text += "  " + cli::printable_block(error.hint) + "\n";
  std::fputs(text.c_str(), stderr);
  return cli::exit_for(error);
}

LogLevel level_of(const Config& config, bool verbose, bool service) {
  if (verbose || config.log_level == "debug") return LogLevel::debug;
  if (config.log_level == "info") return LogLevel::info;
  if (config.log_level == "warn") return LogLevel::warn;
  if (config.log_level == "error") return LogLevel::error;
  return service ? LogLevel::info : LogLevel::warn;
}

LogStyle style_of(const Config& config) {
  if (config.log_format == LogFormat::text) return LogStyle::text;
  if (config.log_format == LogFormat::json) return LogStyle::json;
  return ::isatty(STDERR_FILENO) != 0 ? LogStyle::text : LogStyle::json;
}

// The key leaves the environment, so that no child process inherits it.
Secret take_key(const Environment& environment) {
  Secret key(environment("GATEHOUSE_KEY").value_or(""));
  ::unsetenv("GATEHOUSE_KEY");
  return key;
}

// Everything was found out and built; runs the command and takes it all down again, whatever it
// ended in.
Task<Result<Exit>> run_and_shut_down(cli::Command& command, Wiring& wiring) {
  std::exception_ptr exception;
  Result<Exit> exit = Exit::failed;
  try {
    const Result<void> read = co_await cli::read_files(wiring.services(), command);
    exit = read ? co_await command.run(wiring.services()) : std::unexpected(read.error());
  } catch (...) {
    exception = std::current_exception();
  }
  co_await wiring.shutdown();
  if (exception) std::rethrow_exception(exception);
  co_return exit;
}

// What is logged would be written across lines that are redrawn.
terminal::Look look_of(const Environment& environment, const cli::Parsed& parsed) {
  const auto colours = parsed.no_color ? terminal::Colours::none : terminal::Colours::as_found;
  terminal::Look look = terminal::find_look(environment, ::isatty(STDERR_FILENO) != 0, colours);
  look.live &= !parsed.verbose;
  return look;
}

Result<Exit> run(const cli::Parsed& parsed) {
  cli::Command& command = *parsed.command;
  const Environment environment = process_environment();
  Result<Paths> paths = find_paths(environment);
  if (!paths) return std::unexpected(paths.error());
  Result<std::vector<Setting>> settings = read_settings(paths->config);
  if (!settings) return std::unexpected(settings.error());
  Result<Config> config = make_config(*settings, environment);
  if (!config) return std::unexpected(config.error());
  const bool service = command.kind() == cli::Command::Kind::service;
  const std::unique_ptr<Logger> log = make_logger(level_of(*config, parsed.verbose, service),
                                                  style_of(*config), config->log_when_full);
  net::ignore_sigpipe();

  boost::asio::io_context context(1);
  const std::unique_ptr<cli::Terminal> terminal =
      cli::make_posix_terminal(context.get_executor(), look_of(environment, parsed));
  Result<std::unique_ptr<Wiring>> wiring =
      Wiring::build({context.get_executor(), *paths, *config, take_key(environment), environment,
                     *log, *terminal});
  if (!wiring) return std::unexpected(wiring.error());
  return run_to_end(context, run_and_shut_down(command, **wiring));
}

int main_inside_the_fence(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::vector<cli::CommandPtr> commands = cli::make_commands();
  commands.push_back(make_config_docs_command());
  commands.push_back(make_complete_command());
  commands.push_back(make_man_command());
  const cli::Parsed parsed = cli::parse(words, commands, version());
  std::fputs(parsed.output.c_str(), stdout);
  if (!parsed.complaint.empty()) std::fputs((parsed.complaint + "\n").c_str(), stderr);
  if (parsed.command == nullptr) return static_cast<int>(parsed.exit);
  if (const std::optional<std::string> text = parsed.command->text_only()) {
    std::fputs(text->c_str(), stdout);
    return static_cast<int>(Exit::done);
  }
  const Result<Exit> exit = run(parsed);
  return static_cast<int>(exit ? *exit : report(exit.error()));
}

}  // namespace
}  // namespace gatehouse::app

int main(int argc, char** argv) {
  try {
    return gatehouse::app::main_inside_the_fence(argc, argv);
  } catch (const std::exception& exception) {
    fmt::print(stderr, "gatehouse: this is a bug of ours: {}\n", exception.what());
  } catch (...) {
    std::fputs("gatehouse: this is a bug of ours\n", stderr);
  }
  return 1;
}
