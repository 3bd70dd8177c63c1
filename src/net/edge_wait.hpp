// wait_for_more: waits until a socket that has been read empty becomes readable, without a system
// call. Asio's own waits cost one each: a read that finds nothing, or epoll_ctl() to arm the wait,
// though the descriptor is registered edge-triggered all along. This starts an operation of Asio's
// reactor that does neither. Uses Asio's internals, so it is for the one version it was written
// against; with others it is async_wait(). Private to net/.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/version.hpp>
#include <cerrno>
#include <cstring>

#include "async/task.hpp"

#if BOOST_VERSION == 108100 && defined(BOOST_ASIO_HAS_EPOLL)
#define GATEHOUSE_EDGE_WAIT
#include <boost/asio/detail/bind_handler.hpp>
#include <boost/asio/detail/fenced_block.hpp>
#include <boost/asio/detail/handler_work.hpp>
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#endif

namespace gatehouse::net {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// What a read left behind: with `nothing` the next byte, and the end, will be an edge.
enum class Rest { unknown, nothing, something };

/// Makes receive_some() say what is left. Once per socket.
inline void ask_for_rest(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_INQ, &on, sizeof on);
}

/// recv() without blocking, and what it left behind: with TCP_INQ the kernel counts the bytes that
/// are queued, and the end of the stream as one.
inline ssize_t receive_some(int socket, char* into, std::size_t size, Rest& rest) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec piece{into, size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  rest = Rest::unknown;
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) rest = Rest::nothing;
    return count;
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == IPPROTO_TCP && header->cmsg_type == TCP_CM_INQ) {
    int queued = 0;
    std::memcpy(&queued, CMSG_DATA(header), sizeof queued);
    rest = queued == 0 ? Rest::nothing : Rest::something;
  }
  return count;
}

#ifdef GATEHOUSE_EDGE_WAIT

namespace edge {

namespace asio_detail = boost::asio::detail;

/// Asio's reactive_wait_op, but for what it says to the reactor: that nothing is left to read.
template <class Handler>
class EdgeWait final : public asio_detail::reactor_op {
 public:
  EdgeWait(Handler& handler, const Executor& executor)
      : reactor_op(boost::system::error_code(), &EdgeWait::do_perform, &EdgeWait::do_complete),
        handler_(std::move(handler)),
        work_(handler_, executor) {}

 private:
  static status do_perform(reactor_op*) { return done_and_exhausted; }

  static void do_complete(void* owner, asio_detail::operation* base,
                          const boost::system::error_code&, std::size_t) {
    auto* self = static_cast<EdgeWait*>(base);
    asio_detail::handler_work<Handler, Executor> work(std::move(self->work_));
    asio_detail::binder1<Handler, boost::system::error_code> handler(self->handler_, self->ec_);
    delete self;
    if (owner == nullptr) return;
    const asio_detail::fenced_block fence(asio_detail::fenced_block::half);
    work.complete(handler, handler.handler_);
  }

  Handler handler_;
  asio_detail::handler_work<Handler, Executor> work_;
};

struct SocketAccess : TcpSocket {
  static auto& of(TcpSocket& socket) { return socket.*(&SocketAccess::impl_); }
};

}  // namespace edge

/// Calls `handler(error)` when the socket may be readable. Only right when all that had arrived has
/// been read; at most one wait for readability is pending. Ends with operation_aborted like any
/// operation of the socket.
template <class Handler>
void wait_for_more(TcpSocket& socket, Handler handler) {
  auto& object = edge::SocketAccess::of(socket);
  auto& reactor =
      boost::asio::use_service<boost::asio::detail::reactor>(socket.get_executor().context());
  auto* wait = new edge::EdgeWait<Handler>(handler, socket.get_executor());
  reactor.start_op(boost::asio::detail::reactor::read_op, socket.native_handle(),
                   object.get_implementation().reactor_data_, wait, false, true);
}

#else

template <class Handler>
void wait_for_more(TcpSocket& socket, Handler handler) {
  socket.async_wait(boost::asio::socket_base::wait_read, std::move(handler));
}

#endif

}  // namespace gatehouse::net
