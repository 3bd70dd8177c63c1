#include "net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

#include "net/address_guard.hpp"

namespace gatehouse::net {
namespace {

/// The socket under a session. OpenSSL's own socket BIO writes without MSG_NOSIGNAL.
struct Pipe {
  int fd;
  std::uint64_t* sent;
};

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int pipe_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto* pipe = static_cast<Pipe*>(BIO_get_data(bio));
  const ssize_t count = ::send(pipe->fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count > 0) *pipe->sent += static_cast<std::uint64_t>(count);
  if (count < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

int pipe_read(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto* pipe = static_cast<Pipe*>(BIO_get_data(bio));
  const ssize_t count = ::recv(pipe->fd, bytes, static_cast<std::size_t>(size), 0);
  if (count < 0 && would_block()) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(count);
}

long pipe_ctrl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

int pipe_destroy(BIO* bio) {
  delete static_cast<Pipe*>(BIO_get_data(bio));
  return 1;
}

const BIO_METHOD* pipe_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatehouse socket");
    BIO_meth_set_write(made, pipe_write);
    BIO_meth_set_read(made, pipe_read);
    BIO_meth_set_ctrl(made, pipe_ctrl);
    BIO_meth_set_destroy(made, pipe_destroy);
    return made;
  }();
  return method;
}

std::string last_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no further reason" : reason;
}

std::string hint_for(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's operator must renew the certificate; check this machine's clock too";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check this machine's clock";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "if you trust this server, name the certificate of its authority in GATEHOUSE_CA_FILE "
             "or "
             "ca_file";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "check the host in the URL";
    default:
      return {};
  }
}

}  // namespace

void SslDeleter::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

void SslDeleter::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

TlsContext::TlsContext(std::unique_ptr<ssl_ctx_st, SslDeleter> context)
    : context_(std::move(context)) {}

Result<std::unique_ptr<TlsContext>> TlsContext::open(const std::string& extra_ca_file) {
  ERR_clear_error();
  std::unique_ptr<ssl_ctx_st, SslDeleter> context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail(Errc::tls, "TLS cannot be set up: " + last_openssl_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_default_verify_paths(context.get());
  if (!extra_ca_file.empty() &&
      SSL_CTX_load_verify_locations(context.get(), extra_ca_file.c_str(), nullptr) != 1) {
    return fail(
        Errc::tls,
        fmt::format("the CA file {} cannot be used: {}", extra_ca_file, last_openssl_error()),
        "it must be a readable file of PEM certificates");
  }
  constexpr unsigned char kAlpn[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn) - 1);
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(context)));
}

Result<SslPtr> TlsContext::make_session(const std::string& host, int fd,
                                        std::uint64_t& sent) const {
  ERR_clear_error();
  SslPtr session(SSL_new(context_.get()));
  BIO* bio = session ? BIO_new(pipe_method()) : nullptr;
  if (bio == nullptr) return fail(Errc::tls, "TLS cannot be set up: " + last_openssl_error());
  BIO_set_data(bio, new Pipe{fd, &sent});
  BIO_set_init(bio, 1);
  SSL_set_bio(session.get(), bio, bio);
  SSL_set_connect_state(session.get());
  X509_VERIFY_PARAM* parameters = SSL_get0_param(session.get());
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool named = false;
  if (IpAddress::parse(host)) {
    named = X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
  } else {
    // A trailing dot is no part of the name in SNI (RFC 6066 §3) and certificates.
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    named = SSL_set_tlsext_host_name(session.get(), name.c_str()) == 1 &&
            X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size()) == 1;
  }
  if (!named) return fail(Errc::tls, "the host " + host + " cannot be checked in a certificate");
  return session;
}

Error describe_handshake_failure(ssl_st* session, const std::string& host) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict != X509_V_OK) {
    return {Errc::tls,
            fmt::format("the TLS certificate of {} is not accepted: {}", host,
                        X509_verify_cert_error_string(verdict)),
            hint_for(verdict)};
  }
  return {Errc::tls,
          fmt::format("the TLS handshake with {} failed: {}", host, last_openssl_error()),
          {}};
}

}  // namespace gatehouse::net
