#include "cli/agent_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agents/translation.hpp"
#include "base/error.hpp"

namespace gatehouse::cli {
namespace {

namespace fs = std::filesystem;

Result<void> write_file(const fs::path& path, const std::string& text, fs::perms mode) {
  std::error_code error;
  {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    fs::permissions(path, mode, error);
    out << text;
    out.flush();
    if (!out || error)
      return fail(Errc::storage, fmt::format("cannot write {}", quote_remote(path.string())));
  }
  return {};
}

std::string free_backup_name(const fs::path& path) {
  const std::string base = path.string() + ".before-gatehouse";
  std::error_code error;
  if (!fs::exists(base, error)) return base;
  for (int number = 2;; ++number) {
    const std::string name = fmt::format("{}.{}", base, number);
    if (!fs::exists(name, error)) return name;
  }
}

}  // namespace

std::vector<AgentFile> find_agent_files(const agents::Agent* only, const agents::Folders& folders) {
  std::vector<AgentFile> found;
  for (const agents::Agent& agent : agents::known_agents()) {
    if (only != nullptr && only != &agent) continue;
    for (const std::string_view file : agent.files) {
      std::string path = agents::expand(file, folders);
      std::error_code error;
      if (fs::is_regular_file(path, error)) found.push_back({&agent, std::move(path)});
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
  const fs::path beside = target.string() + ".gatehouse-new";
  if (Result<void> written = write_file(beside, after, mode); !written)
    return std::unexpected(written.error());
  fs::rename(beside, target, error);
  if (error) return fail(Errc::storage, "cannot replace " + quote_remote(path));
  return backup;
}

}  // namespace gatehouse::cli
