// Apart from everything that includes <netinet/tcp.h>, whose tcp_info is older than the kernel's.
#include "net/tcp_progress.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace gatehouse::net {

std::optional<std::uint64_t> acknowledged_bytes(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  constexpr std::size_t kNeeded = offsetof(tcp_info, tcpi_bytes_acked) + sizeof(__u64);
  if (size < kNeeded || info.tcpi_bytes_acked == 0) return std::nullopt;
  return info.tcpi_bytes_acked - 1;  // the SYN counts as one
}

}  // namespace gatehouse::net
