// Opening a listening TCP socket, with errors that say who must do what. Private to net/.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"

namespace gatehouse::net {

using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

/// `address` is an IP literal, with or without brackets, or "localhost". Errors: invalid_argument,
/// conflict (in use), policy (not permitted), unavailable (not an address of this machine).
Result<TcpAcceptor> open_listener(Executor executor, const std::string& address, std::uint16_t port,
                                  bool reuse_port);

/// "127.0.0.1"; an IPv4 address mapped into IPv6 is shown as IPv4.
std::string format_address(const boost::asio::ip::address& address);
/// "127.0.0.1:8484", "[::1]:8484".
std::string format_endpoint(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace gatehouse::net
