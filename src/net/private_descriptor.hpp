// PrivateDescriptor: a descriptor for what stdin or stdout is, that we may make non-blocking.
// O_NONBLOCK belongs to the open file description, which a shell and its other programs share with
// us: they would fail with EAGAIN. Private to net/.
#pragma once

namespace gatehouse::net {

/// A new descriptor (close-on-exec) for the same file. Terminals and pipes are opened anew; what
/// cannot be (a regular file, which would lose its offset; a socket; a terminal of another user) is
/// duplicated. Negative with errno when `fd` is not open.
int open_private(int fd);

/// Puts the flags of a shared file description back as they were (F_GETFL) at the end.
class FlagsRestorer final {
 public:
  explicit FlagsRestorer(int fd);
  ~FlagsRestorer();
  FlagsRestorer(const FlagsRestorer&) = delete;
  FlagsRestorer& operator=(const FlagsRestorer&) = delete;

 private:
  int fd_;
  int flags_;
};

}  // namespace gatehouse::net
