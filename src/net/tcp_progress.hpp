// What the kernel knows about delivery on a TCP connection (Linux). Asked after a failure, to tell
// requests that cannot have been processed from those whose outcome is unknown.
#pragma once

#include <cstdint>
#include <optional>

namespace gatehouse::net {

/// Bytes of the application's that the peer's kernel has acknowledged; none where unknown.
std::optional<std::uint64_t> acknowledged_bytes(int fd);

}  // namespace gatehouse::net
