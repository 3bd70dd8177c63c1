// RequestParser: bytes of one connection become http::Request values (RFC 9112). What two
// implementations could read differently is refused. The grammar is in http_grammar.hpp; this says
// what a request means. Pure; driven by HttpConnection.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "net/http_grammar.hpp"

namespace gatehouse::net {

class RequestParser final {
 public:
  enum class Step {
    need_more,  ///< feed again with the rest and what has arrived
    complete,   ///< request() is whole
    refused,    ///< answer refusal_status() and close
  };
  struct Progress {
    Step step = Step::need_more;
    std::size_t consumed = 0;  ///< leading bytes of the input that are done with
  };

  RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// `bytes` starts with what the last call left over. A head is only looked at as a whole.
  Progress feed(std::string_view bytes);
  /// Starts over for the next request; storage is kept.
  void reset();

  /// Valid after Step::complete until reset(). The body is followed by http::kBodyPadding readable
  /// bytes.
  const http::Request& request() const { return request_; }
  bool head_complete() const { return head_complete_; }
  bool expects_continue() const { return expects_continue_; }
  bool keep_alive() const { return framing_.close ? false : !http_1_0_ || framing_.keep_alive; }
  bool http_1_0() const { return http_1_0_; }

  int refusal_status() const { return refusal_status_; }
  std::string_view refusal_reason() const { return refusal_reason_; }  ///< for the answer; static

 private:
  Progress feed_head(std::string_view bytes);
  Progress feed_body(std::string_view bytes);
  Progress feed_chunks(std::string_view bytes);
  Progress complete(std::size_t consumed);
  void parse_head(std::string_view head);
  void check_framing();
  void check_target();
  void refuse(int status, std::string_view reason);

  std::size_t max_header_bytes_;
  std::size_t max_body_bytes_;
  http::Request request_;
  HeadEnd end_;
  Framing framing_;
  ChunkReader chunks_;
  bool blank_skipped_ = false;
  bool head_complete_ = false;
  bool expects_continue_ = false;
  bool http_1_0_ = false;
  int refusal_status_ = 0;
  std::string_view refusal_reason_;
};

}  // namespace gatehouse::net
