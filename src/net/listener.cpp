#include "net/listener.hpp"

#include <sys/socket.h>

#include <fmt/format.h>

namespace gatehouse::net {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

Error listen_error(const std::string& where, const error_code& error) {
  const std::string detail = fmt::format("cannot listen on {}: {}", where, error.message());
  if (error == boost::asio::error::address_in_use)
    return {Errc::conflict, fmt::format("{} is in use by another program", where),
            "stop that program, or choose another port"};
  if (error == boost::asio::error::access_denied)
    return {Errc::policy, detail, "choose a port above 1023"};
  return {Errc::unavailable, detail, {}};
}

error_code open(TcpAcceptor& acceptor, const ip::tcp::endpoint& endpoint, bool reuse_port) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(ip::tcp::acceptor::reuse_address(true), error);
  if (error) return error;
  if (reuse_port) {
    const int on = 1;
    if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
      return {errno, boost::system::system_category()};
  }
  acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(TcpAcceptor::max_listen_connections, error);
  return error;
}

}  // namespace

Result<TcpAcceptor> open_listener(Executor executor, const std::string& address, std::uint16_t port,
                                  bool reuse_port) {
  std::string literal = address == "localhost" ? "127.0.0.1" : address;
  if (literal.size() > 2 && literal.front() == '[' && literal.back() == ']')
    literal = literal.substr(1, literal.size() - 2);
  error_code error;
  const ip::address parsed = ip::make_address(literal, error);
  if (error)
    return fail(Errc::invalid_argument,
                fmt::format("{} is not an IP address", quote_remote(address)),
                "give an address such as 127.0.0.1 or [::1]");
  const ip::tcp::endpoint endpoint(parsed, port);
  TcpAcceptor acceptor(executor);
  error = open(acceptor, endpoint, reuse_port);
  if (error) return std::unexpected(listen_error(format_endpoint(endpoint), error));
  return acceptor;
}

std::string format_address(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

std::string format_endpoint(const ip::tcp::endpoint& endpoint) {
  const std::string address = format_address(endpoint.address());
  return endpoint.address().is_v6() && address.find(':') != std::string::npos
             ? fmt::format("[{}]:{}", address, endpoint.port())
             : fmt::format("{}:{}", address, endpoint.port());
}

}  // namespace gatehouse::net
