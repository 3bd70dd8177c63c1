#include "vault/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::vault {

Result<FileLock> FileLock::take(const std::filesystem::path& path, Wait wait) {
  FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.file_ < 0)
    return fail(Errc::storage, "cannot open " + path.string() + ": " + std::strerror(errno));
  const int how = LOCK_EX | (wait == Wait::no ? LOCK_NB : 0);
  int locked = 0;
  do {
    locked = ::flock(lock.file_, how);
  } while (locked != 0 && errno == EINTR);
  if (locked == 0) return lock;
  if (errno == EWOULDBLOCK) return fail(Errc::conflict, path.string() + " is locked");
  return fail(Errc::storage, "cannot lock " + path.string() + ": " + std::strerror(errno));
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace gatehouse::vault
