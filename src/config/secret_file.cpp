// Files that hold a secret: regular, bounded, and closed to others as far as we could close them.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/secret_reader.hpp"

namespace gatehouse::config {
namespace {

class Open final {
 public:
  explicit Open(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// Our own file must be closed to group and others. Another's must not be theirs to write. What is
/// mounted read-only, as secrets of containers are, cannot be made tighter and is taken as it is.
Result<void> check_rights(int fd, const struct stat& info, const std::string& path) {
  struct statvfs mount{};
  if (::fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0) return {};
  const bool ours = info.st_uid == ::geteuid();
  if (!ours && info.st_uid != 0) {
    return fail(Errc::policy, fmt::format("{} belongs to another user", path),
                "a file with a secret must be yours or root's");
  }
  const mode_t refused = ours ? 0077 : 0022;
  if ((info.st_mode & refused) == 0) return {};
  return fail(Errc::policy, fmt::format("{} can be {} by others", path, ours ? "read" : "changed"),
              fmt::format("chmod {} {}", ours ? "600" : "go-w", path));
}

}  // namespace

Result<std::string> read_secret_file(const std::string& path, std::size_t most_bytes) {
  const std::string what = "${file:" + path + "}";
  const Open file(path);
  if (file.fd() < 0) {
    const int why = errno;
    return fail(why == EACCES ? Errc::policy : Errc::not_found,
                fmt::format("{}: cannot read {}: {}", what, path, std::strerror(why)));
  }
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode))
    return fail(Errc::policy, fmt::format("{} is not a regular file", what));
  if (const Result<void> closed = check_rights(file.fd(), info, path); !closed)
    return std::unexpected(closed.error());
  std::string text(most_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t read = ::read(file.fd(), text.data() + size, text.size() - size);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return fail(Errc::storage, fmt::format("{}: {}", what, std::strerror(errno)));
    if (read == 0) break;
    size += static_cast<std::size_t>(read);
  }
  if (size > most_bytes)
    return fail(Errc::too_large, fmt::format("{} is longer than {} bytes", what, most_bytes));
  text.resize(size);
  return text;
}

}  // namespace gatehouse::config
