// Url: a parsed absolute http or https URL (RFC 3986) that keeps the text it came from. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::http {

class Url final {
 public:
  /// Accepts absolute http and https URLs with a host. Refuses user information, fragments, other
  /// schemes, control characters and ports outside 1–65535; the error names `what` ("the server
  /// URL") and the reason.
  static Result<Url> parse(std::string_view text, std::string_view what = "the URL");

  const std::string& text() const { return text_; }      ///< as given, byte for byte
  const std::string& scheme() const { return scheme_; }  ///< "http" or "https"
  const std::string& host() const {
    return host_;
  }  ///< lower case, without the brackets of an IPv6 literal
  std::uint16_t port() const { return port_; }  ///< explicit or the scheme's default
  bool is_https() const { return scheme_ == "https"; }
  const std::string& path() const { return path_; }    ///< percent-encoded, at least "/"
  const std::string& query() const { return query_; }  ///< without '?'; empty when absent
  std::string target() const;  ///< path and query, as sent in a request line
  std::string authority()
      const;  ///< host with brackets if IPv6, and the port unless it is the default
  std::string origin() const;  ///< scheme://authority
  /// True when the host is an IP literal or name of this machine: 127.0.0.0/8, ::1, localhost,
  /// *.localhost.
  bool names_loopback() const;
  /// True when the host is an IPv4 or IPv6 literal.
  bool is_ip_literal() const { return is_ip_literal_; }
  /// Resolves a reference (RFC 3986 §5), for redirects and Location headers.
  Result<Url> resolve(std::string_view reference) const;

 private:
  std::string text_, scheme_, host_, path_, query_;
  std::uint16_t port_ = 0;
  bool is_ip_literal_ = false;
};

}  // namespace gatehouse::http
