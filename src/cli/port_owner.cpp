// Who listens on a port, from /proc: the socket's inode in net/tcp, then the process that holds it.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/callback_listener.hpp"

namespace gatehouse::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

// The inode of the listening socket in one of the kernel's tables; empty when there is none.
std::string find_inode(const char* table, std::uint16_t port) {
  std::ifstream file(table);
  std::string line;
  const std::string suffix = fmt::format(":{:04X}", port);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::array<std::string, 10> field;
    for (std::string& word : field) words >> word;
    if (field[1].ends_with(suffix) && field[3] == kListening) return field[9];
  }
  return {};
}

bool holds(const fs::path& process, const std::string& socket) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(process / "fd", error)) {
    std::error_code unreadable;
    if (fs::read_symlink(entry.path(), unreadable) == socket) return true;
  }
  return false;
}

}  // namespace

std::string port_owner(std::uint16_t port) {
  std::string inode = find_inode("/proc/net/tcp", port);
  if (inode.empty()) inode = find_inode("/proc/net/tcp6", port);
  if (inode.empty()) return {};
  const std::string socket = "socket:[" + inode + "]";
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string id = entry.path().filename();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!holds(entry.path(), socket)) continue;
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    return fmt::format("{} (process {})", name, id);
  }
  return {};
}

}  // namespace gatehouse::cli
