#include "net/unix_socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "async/timer.hpp"
#include "async/use_task.hpp"
#include "net/line_channel.hpp"
#include "net/owned_fd.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Error system_error(std::string_view what, const std::string& path) {
  return {Errc::unavailable,
          fmt::format("{} {}: {}", what, quote_remote(path), std::strerror(errno)),
          {}};
}

/// A folder and a name in it. The folder is reached through its descriptor, because a socket
/// address holds 107 bytes only.
struct Place {
  OwnedFd folder;
  std::string name;
  std::string path;

  sockaddr_un address() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = fmt::format("/proc/self/fd/{}/{}", folder.get(), name);
    text.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
};

Result<Place> find_place(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  Place place{OwnedFd(), slash == std::string::npos ? path : path.substr(slash + 1), path};
  if (place.name.empty() || place.name.size() > 64)
    return fail(Errc::invalid_argument,
                fmt::format("{} is not a path for a socket", quote_remote(path)));
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  place.folder = OwnedFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (place.folder.get() < 0) {
    if (errno == ENOENT)
      return fail(Errc::not_found, fmt::format("{} does not exist", quote_remote(folder)));
    return std::unexpected(system_error("cannot open", folder));
  }
  return place;
}

Result<void> require_private(const Place& place) {
  struct stat status{};
  if (::fstat(place.folder.get(), &status) != 0)
    return std::unexpected(system_error("cannot look at the folder of", place.path));
  if (status.st_uid != ::geteuid())
    return fail(Errc::policy,
                fmt::format("the folder of {} belongs to another user", quote_remote(place.path)));
  if ((status.st_mode & 0077) != 0)
    return fail(Errc::policy,
                fmt::format("the folder of {} is open to other users", quote_remote(place.path)),
                "chmod 700 it");
  return {};
}

Result<OwnedFd> make_socket(const std::string& path) {
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return std::unexpected(system_error("cannot make the socket", path));
  return fd;
}

bool is_our_user(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

int connect_to(int fd, const Place& place) {
  const sockaddr_un address = place.address();
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Result<std::unique_ptr<jsonrpc::LineChannel>> make_channel(Executor executor, OwnedFd fd,
                                                           const std::string& path) {
  OwnedFd other(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (other.get() < 0) return std::unexpected(system_error("cannot duplicate the socket", path));
  return make_line_channel(executor, fd.release(), other.release());
}

class UnixListenerImpl final : public UnixListener {
 public:
  UnixListenerImpl(Executor executor, Logger& logger, Place place, OwnedFd lock, OwnedFd socket)
      : executor_(executor),
        logger_(logger),
        place_(std::move(place)),
        lock_(std::move(lock)),
        socket_(executor, socket.release()) {}

  ~UnixListenerImpl() override { close(); }

  Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> accept() override {
    while (socket_.is_open()) {
      boost::system::error_code error;
      OwnedFd peer(
          ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (peer.get() >= 0) {
        if (is_our_user(peer.get()))
          co_return make_channel(executor_, std::move(peer), place_.path);
        logger_.warn("unix_peer_refused", {{"path", place_.path}});
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
        co_await sleep_for(100ms);
      } else {
        co_await socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                                    boost::asio::redirect_error(use_task, error));
        if (error == boost::asio::error::operation_aborted && socket_.is_open())
          throw boost::system::system_error(error);
      }
    }
    co_return fail(Errc::unavailable, "the listener is closed");
  }

  void close() override {
    if (!socket_.is_open()) return;
    // The lock is still held, so the name can only be ours.
    ::unlinkat(place_.folder.get(), place_.name.c_str(), 0);
    boost::system::error_code ignored;
    socket_.close(ignored);
    lock_.reset();
  }

 private:
  Executor executor_;
  Logger& logger_;
  Place place_;
  OwnedFd lock_;
  boost::asio::posix::basic_stream_descriptor<Executor> socket_;
};

/// Held until the process ends, however it ends.
Result<OwnedFd> take_lock(const Place& place) {
  const std::string name = place.name + ".lock";
  OwnedFd fd(
      ::openat(place.folder.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return std::unexpected(system_error("cannot open the lock of", place.path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return std::unexpected(system_error("cannot lock", place.path));
    return fail(Errc::conflict,
                fmt::format("another process listens on {}", quote_remote(place.path)));
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::open(Executor executor, Logger& logger,
                                                         std::string path) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) ::mkdir(path.substr(0, slash).c_str(), 0700);
  Result<Place> place = find_place(path);
  if (!place) return std::unexpected(place.error());
  if (const Result<void> safe = require_private(*place); !safe)
    return std::unexpected(safe.error());
  Result<OwnedFd> lock = take_lock(*place);
  if (!lock) return std::unexpected(lock.error());
  Result<OwnedFd> socket = make_socket(path);
  if (!socket) return std::unexpected(socket.error());
  // Under the lock whatever bears the name was left by a process that died.
  if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0 && errno != ENOENT)
    return std::unexpected(system_error("cannot replace", path));
  ::fchmod(socket->get(), 0600);  // Linux gives the mode of an unbound socket to its name
  const sockaddr_un address = place->address();
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::fchmodat(place->folder.get(), place->name.c_str(), 0600, 0) != 0 ||
      ::listen(socket->get(), SOMAXCONN) != 0)
    return std::unexpected(system_error("cannot listen on", path));
  return std::make_unique<UnixListenerImpl>(executor, logger, std::move(*place), std::move(*lock),
                                            std::move(*socket));
}

Result<std::unique_ptr<jsonrpc::LineChannel>> connect_unix(Executor executor,
                                                           const std::string& path) {
  Result<Place> place = find_place(path);
  if (!place) return std::unexpected(place.error());
  Result<OwnedFd> socket = make_socket(path);
  if (!socket) return std::unexpected(socket.error());
  if (connect_to(socket->get(), *place) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED)
      return fail(Errc::not_found, fmt::format("nobody listens on {}", quote_remote(path)));
    return std::unexpected(system_error("cannot connect to", path));
  }
  if (!is_our_user(socket->get()))
    return fail(Errc::policy,
                fmt::format("the process listening on {} is not of this user", quote_remote(path)));
  return make_channel(executor, std::move(*socket), path);
}

}  // namespace gatehouse::net
