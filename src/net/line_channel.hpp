// Line channels over descriptors we already have. Children are in child_process.hpp, Unix sockets
// in unix_socket.hpp.
#pragma once

#include <memory>

#include "async/task.hpp"
#include "jsonrpc/line_channel.hpp"

namespace gatehouse::net {

/// Our own stdin and stdout, for `gatehouse stdio`: pipes, sockets, files and terminals. Where
/// possible they are opened anew, so that those who share them do not find them non-blocking.
std::unique_ptr<jsonrpc::LineChannel> open_stdio_channel(Executor executor);

/// Takes ownership of both descriptors, which must differ.
std::unique_ptr<jsonrpc::LineChannel> make_line_channel(Executor executor, int read_fd,
                                                        int write_fd);

}  // namespace gatehouse::net
