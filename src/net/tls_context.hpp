// TlsContext: how we speak TLS to others: TLS 1.2 or newer, the system's trust store and an
// optional CA file, names and IP addresses of certificates checked (RFC 9110 §4.3.4), ALPN
// http/1.1. Used by the connector.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace gatehouse::net {

struct SslDeleter {
  void operator()(ssl_st* session) const noexcept;
  void operator()(ssl_ctx_st* context) const noexcept;
};
using SslPtr = std::unique_ptr<ssl_st, SslDeleter>;

class TlsContext final {
 public:
  /// `extra_ca_file` may be empty. Errors: tls (the file cannot be read or holds no certificate).
  static Result<std::unique_ptr<TlsContext>> open(const std::string& extra_ca_file);

  /// A client session for the non-blocking socket `fd`, expecting a certificate for `host` (a name
  /// or an IP literal). `sent` counts the bytes handed to the socket and outlives the session.
  /// Errors: tls.
  Result<SslPtr> make_session(const std::string& host, int fd, std::uint64_t& sent) const;

 private:
  explicit TlsContext(std::unique_ptr<ssl_ctx_st, SslDeleter> context);
  std::unique_ptr<ssl_ctx_st, SslDeleter> context_;
};

/// Why the handshake of `session` failed, for people: expired, unknown issuer, wrong host …
Error describe_handshake_failure(ssl_st* session, const std::string& host);

}  // namespace gatehouse::net
