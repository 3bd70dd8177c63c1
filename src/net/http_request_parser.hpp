// RequestParser: bytes of one connection become http::Request values, over Beast's parser and
// stricter than it (RFC 9112): what two implementations could read differently is refused. Pure;
// driven by HttpConnection. Light: Beast stays in the .cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.hpp"

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
  ~RequestParser();
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
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }
  int refusal_status() const { return refusal_status_; }
  std::string_view refusal_reason() const { return refusal_reason_; }  ///< for the answer; static

 private:
  class BeastParser;

  /// Looks for the end of the head, checking line ends on the way. Zero: not there yet or refused.
  std::size_t find_head_end(std::string_view bytes);
  Progress feed_head(std::string_view bytes);
  Progress feed_body(std::string_view bytes);
  Progress put(std::string_view bytes);
  void check_head();
  void check_target();
  void refuse(int status, std::string_view reason);

  std::size_t max_header_bytes_;
  std::size_t max_body_bytes_;
  std::unique_ptr<BeastParser> beast_;
  http::Request request_;
  std::size_t scanned_ = 0;     ///< of the head; every line end before it has been checked
  std::size_t line_start_ = 0;  ///< of the line that scanned_ is in
  bool blank_skipped_ = false;
  bool head_complete_ = false;
  bool chunk_seen_ = false;
  bool has_expectation_ = false;
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  int content_lengths_ = 0;
  int transfer_encodings_ = 0;
  int hosts_ = 0;
  int refusal_status_ = 0;
  std::string_view refusal_reason_;
};

}  // namespace gatehouse::net
