#include "net/private_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace gatehouse::net {

int open_private(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return -1;
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    const int mode = ::fcntl(fd, F_GETFL) & O_ACCMODE;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    // Without O_NONBLOCK the opening of a pipe whose other end is gone would wait for a new one.
    const int opened = ::open(path.c_str(), mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (opened >= 0) return opened;
  }
  return ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

FlagsRestorer::FlagsRestorer(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {}

FlagsRestorer::~FlagsRestorer() {
  if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_);
}

}  // namespace gatehouse::net
