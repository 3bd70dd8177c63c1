// ResponseParser: the bytes of one HTTP/1.1 answer → status, headers, body. Beast's basic_parser
// does the grammar; this adds what it leaves open: one Content-Length, no transfer coding but
// chunked, bounds on fields and body, content decoding. No I/O. Used by the client's connections
// and for CONNECT.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "net/decompress.hpp"

namespace gatehouse::net {

class ResponseParser final : private boost::beast::http::basic_parser<false> {
 public:
  enum class Body {
    expected,
    none,     ///< the answer to HEAD
    connect,  ///< the answer to CONNECT: a 2xx ends with its head (RFC 9110 §9.3.6)
  };
  /// Bodies beyond `max_body` bytes, decompressed, are refused.
  ResponseParser(Body body, std::size_t max_body);

  /// Consumes from the front of `bytes` and says how much; what is left must be fed again, with
  /// more behind it. Stops at the end of the message. Errors: protocol, too_large.
  Result<std::size_t> feed(std::string_view bytes);
  /// The peer closed. Errors: unavailable (the answer is incomplete), protocol.
  Result<void> feed_end();

  bool has_head() const { return has_head_; }
  bool is_complete() const { return is_done(); }
  bool may_reuse_connection() const { return keep_alive(); }
  /// 100, 103 …: another answer follows.
  bool is_interim() const { return has_head_ && status_ >= 100 && status_ < 200; }
  int status() const { return status_; }
  http::Headers& headers() { return headers_; }
  /// What has been decoded and not been taken yet.
  std::string& body() { return body_; }
  /// Bytes of the body that may be read straight into body(), behind its end, and then be handed to
  /// feed_direct(); 0 when the body is not sent as it is.
  std::size_t direct_room() const;
  Result<void> feed_direct(std::size_t count);

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  void on_request_impl(boost::beast::http::verb, string_view, string_view, int,
                       error_code&) override {}
  void on_response_impl(int status, string_view reason, int version, error_code& error) override;
  void on_field_impl(boost::beast::http::field field, string_view name, string_view value,
                     error_code& error) override;
  void on_header_impl(error_code& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override;
  std::size_t on_body_impl(string_view bytes, error_code& error) override;
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view bytes,
                                 error_code& error) override;
  void on_finish_impl(error_code& error) override;

  void refuse(Error why, error_code& error);
  void take(std::string_view bytes, error_code& error);
  std::unexpected<Error> failure(const error_code& error);

  int status_ = 0;
  bool has_head_ = false;
  bool chunk_seen_ = false;
  bool has_length_ = false;
  int codings_ = 0;  ///< Content-Encoding fields
  bool is_connect_ = false;
  bool bodiless_ = false;
  std::size_t max_body_;
  http::Headers headers_;
  std::string body_;
  std::unique_ptr<Decompressor> decompressor_;
  const char* direct_ = nullptr;  ///< these bytes already lie in body_
  Error why_;                     ///< the reason behind an error of ours
};

}  // namespace gatehouse::net
