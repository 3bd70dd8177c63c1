#include "vault/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::vault {
namespace {

std::unexpected<Error> io_error(const std::filesystem::path& path, const char* what) {
  return fail(Errc::storage,
              fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

Result<void> check_owner_and_mode(const struct stat& found, const std::filesystem::path& path,
                                  unsigned wanted) {
  if (found.st_uid != ::geteuid())
    return fail(Errc::policy, fmt::format("{} belongs to another user", path.string()),
                fmt::format("run as its owner, or: chown {} '{}'", ::geteuid(), path.string()));
  if ((found.st_mode & 0777 & ~wanted) != 0)
    return fail(
        Errc::policy,
        fmt::format("{} can be read by others (mode {:04o})", path.string(), found.st_mode & 07777),
        fmt::format("chmod {:o} '{}'", wanted, path.string()));
  return {};
}

}  // namespace

Result<void> check_private_file(int file, const std::filesystem::path& path) {
  struct stat found{};
  if (::fstat(file, &found) != 0) return io_error(path, "look at");
  if (!S_ISREG(found.st_mode))
    return fail(Errc::policy, path.string() + " is not a regular file", "move it away");
  return check_owner_and_mode(found, path, 0600);
}

Result<bool> check_private_file(const std::filesystem::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return false;
    return io_error(path, "look at");
  }
  if (!S_ISREG(found.st_mode))
    return fail(Errc::policy, path.string() + " is not a regular file", "move it away");
  if (auto checked = check_owner_and_mode(found, path, 0600); !checked)
    return std::unexpected(checked.error());
  return true;
}

Result<void> make_private_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return io_error(path, "create");
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return io_error(path, "look at");
  if (!S_ISDIR(found.st_mode))
    return fail(Errc::policy, path.string() + " is not a directory", "move it away");
  return check_owner_and_mode(found, path, 0700);
}

Result<void> sync_directory(const std::filesystem::path& path) {
  const std::filesystem::path directory = path.empty() ? "." : path;
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return io_error(directory, "open");
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  if (!synced) return io_error(directory, "sync");
  return {};
}

}  // namespace gatehouse::vault
