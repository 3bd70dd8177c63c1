#include "cli/file_notes.hpp"

#include <fmt/format.h>

#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

// "1 entry of FILE", "2 entries of FILE".
std::string entries(std::size_t number, const std::string& file) {
  return fmt::format("{} {} of {}", number, number == 1 ? "entry" : "entries", file);
}

void say(Services& services, Command::Kind kind, const std::string& text) {
  if (kind == Command::Kind::service)
    services.log.warn("configuration", {{"note", text}});
  else
    services.terminal.note(printable(text));
}

void note_all(Services& services, Command::Kind kind) {
  const config::FileReport& report = services.files.report();
  for (const config::FileReport::FileNote& note : report.files) {
    if (note.problem)
      say(services, kind, fmt::format("{} is not used: {}", note.file, describe(*note.problem)));
  }
  for (const std::string& file : {report.global_file, report.project_file}) {
    const auto broken = static_cast<std::size_t>(
        std::ranges::count_if(report.entries, [&](const config::EntryStatus& status) {
          return status.file == file && status.state == config::EntryState::broken;
        }));
    if (broken > 0)
      say(services, kind, entries(broken, file) + " cannot be used: gatehouse config");
  }
  if (const std::size_t waiting = report.waiting(); waiting > 0) {
    say(services, kind,
        fmt::format("{} {} for your approval: gatehouse trust",
                    entries(waiting, report.project_file), waiting == 1 ? "waits" : "wait"));
  }
}

}  // namespace

Task<Result<void>> read_files(Services& services, const Command& command) {
  const bool service = command.kind() == Command::Kind::service;
  Result<std::vector<ConnectionId>> synced =
      co_await services.files.sync(service ? config::Scope::global : config::Scope::project);
  if (!synced) co_return std::unexpected(synced.error());
  if (command.files() == Command::Files::noted) note_all(services, command.kind());
  co_return Result<void>{};
}

Result<void> check_file_entry(const Services& services, std::string_view name) {
  for (const config::EntryStatus& status : services.files.report().entries) {
    if (status.entry.name != name) continue;
    const std::string place = fmt::format("{}:{}", status.file, status.entry.line);
    if (status.state == config::EntryState::broken) {
      return fail(Errc::invalid_argument,
                  fmt::format("{} of {} cannot be used: {}", name, place, status.problem->detail),
                  status.problem->hint);
    }
    if (status.state == config::EntryState::waiting ||
        status.state == config::EntryState::changed) {
      return fail(Errc::policy, fmt::format("{} of {} waits for your approval", name, place),
                  fmt::format("gatehouse trust {}", name));
    }
  }
  return {};
}

Result<void> require_own(const Services& services, const vault::Connection& connection,
                         std::string_view what) {
  if (connection.origin.empty()) return {};
  return fail(Errc::policy,
              fmt::format("{} comes from a file and is {} there", connection.name, what),
              "edit " + services.files.place_of(connection));
}

}  // namespace gatehouse::cli
