#include "cli/agent_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agents/translation.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "vault/private_file.hpp"

namespace gatehouse::cli {
namespace {

namespace fs = std::filesystem;

/// Never through a link that somebody put there, never into a file that is there already.
Result<void> write_file(const fs::path& path, std::string_view text, fs::perms mode) {
  const auto failed = [&path] {
    const std::string why = std::strerror(errno);
    return fail(Errc::storage, fmt::format("cannot write {}: {}", quote_remote(path.string()), why),
                "check who may write there, and what is there");
  };
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return failed();
  bool good = true;
  while (good && !text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    good = written > 0 || (written < 0 && errno == EINTR);
  }
  good = good && ::fchmod(file, static_cast<mode_t>(mode) & 0777) == 0 && ::fsync(file) == 0;
  Result<void> outcome;
  if (!good) outcome = failed();
  ::close(file);
  if (!good) ::unlink(path.c_str());
  return outcome;
}

std::string free_backup_name(const fs::path& path) {
  std::string base = path.string() + ".before-gatehouse";
  std::error_code error;
  const auto is_free = [&error](const std::string& name) {
    return !fs::exists(fs::symlink_status(name, error));
  };
  if (is_free(base)) return base;
  for (int number = 2;; ++number) {
    const std::string name = fmt::format("{}.{}", base, number);
    if (is_free(name)) return name;
  }
}

bool same_folder(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || fs::equivalent(a, b, error);
}

}  // namespace

Result<agents::Folders> find_agent_folders(const Services& services) {
  const config::Where& where = services.files.where();
  if (!fs::path(where.home).is_absolute())
    return fail(Errc::invalid_argument, "there is no home directory to look for agents in",
                "set HOME to an absolute path");
  return agents::Folders{where.home, services.settings.configuration_folder, where.directory};
}

std::vector<AgentFile> find_agent_files(const agents::Agent* only, const agents::Folders& folders) {
  const bool in_project = !same_folder(folders.directory, folders.home);
  std::vector<AgentFile> found;
  for (const agents::Agent& agent : agents::known_agents()) {
    if (only != nullptr && only != &agent) continue;
    for (const std::string_view file : agent.files) {
      std::string path = agents::expand(file, folders);
      std::error_code error;
      if (!fs::is_regular_file(path, error)) continue;
      const bool again = std::ranges::any_of(found, [&](const AgentFile& one) {
        return one.agent == &agent && same_folder(one.path, path);
      });
      if (!again) found.push_back({&agent, std::move(path), in_project && file.starts_with("./")});
    }
  }
  return found;
}

Result<std::string> read_agent_file(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::string();
  if (fs::file_size(path, error) > agents::kAgentFileBytes && !error)
    return fail(Errc::too_large, quote_remote(path) + " is larger than 8 MiB (kAgentFileBytes)");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Errc::storage, "cannot read " + quote_remote(path));
  return std::move(text).str();
}

Result<std::string> replace_agent_file(const std::string& path, const std::string& before,
                                       const std::string& after) {
  std::error_code error;
  const fs::path target = fs::exists(path, error) ? fs::canonical(path, error) : fs::path(path);
  if (error) return fail(Errc::storage, "cannot follow " + quote_remote(path));
  fs::create_directories(target.parent_path(), error);
  if (error)
    return fail(Errc::storage, "cannot make the folder of " + quote_remote(path),
                "check who may write there");
  const Result<std::string> now = read_agent_file(target.string());
  if (!now) return now;
  if (*now != before)
    return fail(Errc::conflict, quote_remote(path) + " was changed meanwhile", "try again");
  const bool exists = fs::exists(target, error);
  // Such files may hold keys: a new one is for its owner only.
  const fs::perms mode = exists ? fs::status(target, error).permissions()
                                : fs::perms::owner_read | fs::perms::owner_write;
  std::string backup;
  if (exists) {
    backup = free_backup_name(target);
    if (Result<void> kept = write_file(backup, before, mode); !kept)
      return std::unexpected(kept.error());
  }
  const fs::path beside = fmt::format("{}.gatehouse-{}", target.string(), random_token(9));
  if (Result<void> written = write_file(beside, after, mode); !written)
    return std::unexpected(written.error());
  fs::rename(beside, target, error);
  if (error) {
    ::unlink(beside.c_str());
    return fail(Errc::storage, "cannot replace " + quote_remote(path));
  }
  if (Result<void> synced = vault::sync_directory(target.parent_path()); !synced)
    return std::unexpected(synced.error());
  return backup;
}

}  // namespace gatehouse::cli
