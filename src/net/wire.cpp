#include "net/wire.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "net/tcp_progress.hpp"

namespace gatehouse::net {

Wire::Wire(TcpSocket socket) : socket_(std::move(socket)) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  ask_for_rest(socket_.native_handle());
}

Wire::~Wire() {
  close();
}

Result<void> Wire::start_tls(const TlsContext& context, const std::string& host) {
  Result<SslPtr> session = context.make_session(host, socket_.native_handle(), sent_);
  if (!session) return std::unexpected(session.error());
  tls_ = std::move(*session);
  return {};
}

Wire::Step Wire::from_errno() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {Status::want_read, 0};
  reason_ = std::strerror(errno);
  return {Status::broken, 0};
}

Wire::Step Wire::from_tls(int result) {
  const int saved_errno = errno;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Status::want_read, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Status::want_write, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::end, 0};
    case SSL_ERROR_SYSCALL:
      reason_ = saved_errno == 0 ? "the connection was cut" : std::strerror(saved_errno);
      return {Status::broken, 0};
    default: {
      const char* reason = ERR_reason_error_string(ERR_peek_last_error());
      reason_ = std::string("TLS: ") + (reason == nullptr ? "unknown failure" : reason);
      return {Status::broken, 0};
    }
  }
}

Wire::Step Wire::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(tls_.get());
  return result == 1 ? Step{} : from_tls(result);
}

Error Wire::describe_failure(const std::string& host) const {
  Error error = describe_handshake_failure(tls_.get(), host);
  if (SSL_get_verify_result(tls_.get()) == X509_V_OK && !reason_.empty())
    error.detail = "the TLS handshake with " + host + " failed: " + reason_;
  return error;
}

std::string Wire::describe_tls() const {
  std::string text = SSL_get_version(tls_.get());
  const X509* certificate = SSL_get0_peer_certificate(tls_.get());
  std::tm until{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) != 1)
    return text;
  char date[32] = {};
  std::strftime(date, sizeof(date), "%Y-%m-%d", &until);
  return text + ", certificate valid until " + date;
}

Wire::Step Wire::read(char* into, std::size_t size) {
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int result = SSL_read_ex(tls_.get(), into, size, &count);
    const Step step = result == 1 ? Step{Status::done, count} : from_tls(result);
    rest_ = step.status == Status::want_read ? Rest::nothing : Rest::unknown;
    return step;
  }
  const ssize_t count = receive_some(socket_.native_handle(), into, size, rest_);
  if (count > 0) return {Status::done, static_cast<std::size_t>(count)};
  if (count == 0) return {Status::end, 0};
  return from_errno();
}

Wire::Step Wire::write(std::span<const iovec> pieces) {
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    for (const iovec& piece : pieces) {
      if (piece.iov_len == 0) continue;
      std::size_t count = 0;
      const int result = SSL_write_ex(tls_.get(), piece.iov_base, piece.iov_len, &count);
      return result == 1 ? Step{Status::done, count} : from_tls(result);
    }
    return {};
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  ssize_t count = 0;
  do {
    count = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    const Step step = from_errno();
    return step.status == Status::want_read ? Step{Status::want_write, 0} : step;
  }
  sent_ += static_cast<std::uint64_t>(count);
  return {Status::done, static_cast<std::size_t>(count)};
}

std::optional<std::uint64_t> Wire::acknowledged() {
  return socket_.is_open() ? acknowledged_bytes(socket_.native_handle()) : std::nullopt;
}

void Wire::close() {
  if (!socket_.is_open()) return;
  // A close_notify, so that the peer can tell the end from a cut; its answer is not awaited.
  if (tls_ && SSL_is_init_finished(tls_.get()) == 1 && reason_.empty()) SSL_shutdown(tls_.get());
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace gatehouse::net
