// ResponseParser: the bytes of one HTTP/1.1 answer → status, headers, body (RFC 9112). The grammar
// is in http_grammar.hpp; this says what an answer means: one Content-Length, no transfer coding
// but chunked, bounds on fields and body, content decoding. No I/O. Used by the client's
// connections and for CONNECT.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "net/decompress.hpp"
#include "net/http_grammar.hpp"

namespace gatehouse::net {

class ResponseParser final {
 public:
  enum class Body {
    expected,
    none,     ///< the answer to HEAD
    connect,  ///< the answer to CONNECT: a 2xx ends with its head (RFC 9110 §9.3.6)
  };
  /// Bodies beyond `max_body` bytes, decompressed, are refused.
  ResponseParser(Body body, std::size_t max_body) : kind_(body), max_body_(max_body) {}

  /// Consumes from the front of `bytes` and says how much; what is left must be fed again, with
  /// more behind it. Stops at the end of the message. Errors: protocol, too_large.
  Result<std::size_t> feed(std::string_view bytes);
  /// The peer closed. Errors: unavailable (the answer is incomplete), protocol.
  Result<void> feed_end();

  bool has_head() const { return state_ != State::head; }
  bool is_complete() const { return state_ == State::complete; }
  bool may_reuse_connection() const { return reusable_; }
  /// 100, 103 …: another answer follows.
  bool is_interim() const { return has_head() && status_ < 200; }
  int status() const { return status_; }
  http::Headers& headers() { return headers_; }
  /// What has been decoded and not been taken yet.
  std::string& body() { return body_; }
  /// Bytes of the body that may be read straight into body(), behind its end, and then be handed to
  /// feed_direct(); 0 when the body is not sent as it is.
  std::size_t direct_room() const {
    return state_ == State::sized && !decompressor_ ? static_cast<std::size_t>(left_) : 0;
  }
  Result<void> feed_direct(std::size_t count);

 private:
  enum class State { head, sized, chunked, to_end, complete };

  Result<std::size_t> feed_head(std::string_view bytes);
  Result<void> parse_head(std::string_view head);
  Result<void> judge_framing(const Framing& framing) const;
  Result<void> begin_body(const Framing& framing, bool http_1_0);
  Result<void> feed_body(std::string_view& bytes);
  Result<void> feed_chunks(std::string_view& bytes);
  Result<void> take(std::string_view bytes);
  Result<void> finish();

  Body kind_;
  State state_ = State::head;
  bool reusable_ = false;
  bool got_some_ = false;
  int status_ = 0;
  std::uint64_t left_ = 0;  ///< of a body with a length
  std::size_t max_body_;
  HeadEnd end_;
  ChunkReader chunks_;
  http::Headers headers_;
  std::string body_;
  std::unique_ptr<Decompressor> decompressor_;
};

}  // namespace gatehouse::net
