#include "net/http_request_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <optional>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "http/server.hpp"

namespace gatehouse::net {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

constexpr std::size_t kKeptBodyBytes = 256 * 1024;  ///< a larger body's memory is given back
constexpr std::size_t kLastChunkBytes = 5;          ///< "0", two line ends
constexpr std::size_t kChunkLineBytes = 16 * 1024;  ///< chunk header or trailer, unconsumed

std::string_view view(string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

/// Writes what Beast reads straight into the request, without Beast's own field container.
class RequestParser::BeastParser final {
 public:
  explicit BeastParser(RequestParser& owner) : owner_(owner) {}

  std::size_t put(std::string_view bytes, ErrorCode& error) {
    if (!parser_) {
      parser_.emplace(owner_);
      parser_->eager(true);
      // The whole head is at hand and within our own limit when Beast gets to see it.
      parser_->header_limit(static_cast<std::uint32_t>(owner_.max_header_bytes_ + 1));
      parser_->body_limit(owner_.max_body_bytes_);
    }
    return parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  bool done() const { return parser_ && parser_->is_done(); }
  bool keep_alive() const { return parser_->keep_alive(); }
  void reset() { parser_.reset(); }

 private:
  class Parser final : public beast_http::basic_parser<true> {
   public:
    explicit Parser(RequestParser& owner) : owner_(owner) {}

   private:
    void on_request_impl(beast_http::verb, string_view method, string_view target, int version,
                         ErrorCode&) override {
      owner_.request_.method.assign(method.data(), method.size());
      owner_.request_.target.assign(target.data(), target.size());
      owner_.http_1_0_ = version < 11;
    }
    void on_response_impl(int, string_view, int, ErrorCode&) override {}
    void on_field_impl(beast_http::field field, string_view name, string_view value,
                       ErrorCode& error) override {
      if (owner_.head_complete_) return;  // trailers are dropped (RFC 9110 §6.5.1)
      if (owner_.request_.headers.size() >= limits::kHeaderCount) {
        error = beast_http::error::header_limit;
        return;
      }
      switch (field) {
        case beast_http::field::content_length:
          ++owner_.content_lengths_;
          if (view(value).find_first_not_of("0123456789") != std::string_view::npos)
            owner_.refuse(400, "Content-Length is not a number");
          break;
        case beast_http::field::transfer_encoding:
          ++owner_.transfer_encodings_;
          break;
        case beast_http::field::host:
          ++owner_.hosts_;
          break;
        case beast_http::field::expect:
          owner_.has_expectation_ = true;
          break;
        default:
          break;
      }
      owner_.request_.headers.add(view(name), view(value));
    }
    void on_header_impl(ErrorCode& error) override {
      owner_.keep_alive_ = keep_alive();
      owner_.check_head();
      if (owner_.refusal_status_ != 0) error = beast_http::error::bad_value;
      owner_.head_complete_ = true;
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
      // The body limit has been checked. A long body grows as it arrives: its length is a claim.
      const std::size_t expected = length ? static_cast<std::size_t>(*length) : 0;
      owner_.request_.body.reserve(std::min(expected, kKeptBodyBytes) + http::kBodyPadding);
    }
    std::size_t on_body_impl(string_view body, ErrorCode&) override {
      owner_.request_.body.append(body.data(), body.size());
      return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, ErrorCode&) override {
      owner_.chunk_seen_ = true;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, ErrorCode&) override {
      owner_.request_.body.append(body.data(), body.size());
      return body.size();
    }
    void on_finish_impl(ErrorCode&) override {}

    RequestParser& owner_;
  };

  RequestParser& owner_;
  std::optional<Parser> parser_;
};

RequestParser::RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : max_header_bytes_(max_header_bytes),
      max_body_bytes_(max_body_bytes),
      beast_(std::make_unique<BeastParser>(*this)) {}

RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  beast_->reset();
  request_.headers.clear();
  if (request_.body.capacity() > kKeptBodyBytes + http::kBodyPadding) request_.body = {};
  request_.body.clear();
  scanned_ = line_start_ = 0;
  blank_skipped_ = chunk_seen_ = head_complete_ = has_expectation_ = expects_continue_ =
      keep_alive_ = http_1_0_ = false;
  content_lengths_ = transfer_encodings_ = hosts_ = 0;
  refusal_status_ = 0;
  refusal_reason_ = {};
}

void RequestParser::refuse(int status, std::string_view reason) {
  if (refusal_status_ != 0) return;
  refusal_status_ = status;
  refusal_reason_ = reason;
}

std::size_t RequestParser::find_head_end(std::string_view bytes) {
  while (true) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) break;
    const std::size_t at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == line_start_ || bytes[at - 1] != '\r') {
      refuse(400, "a line ends without CR LF");  // RFC 9112 §2.2 lets recipients disagree
      return 0;
    }
    if (bytes[line_start_] == ' ' || bytes[line_start_] == '\t') {
      refuse(400, "a header field is folded");  // RFC 9112 §5.2
      return 0;
    }
    const bool blank = at == line_start_ + 1;
    line_start_ = scanned_ = at + 1;
    if (blank) {
      if (line_start_ > max_header_bytes_) break;
      return line_start_;
    }
  }
  scanned_ = std::max(scanned_, bytes.size());
  if (scanned_ > max_header_bytes_) refuse(431, "the request head is too large");
  return 0;
}

RequestParser::Progress RequestParser::feed(std::string_view bytes) {
  std::size_t consumed = 0;
  if (!head_complete_) {
    const Progress head = feed_head(bytes);
    if (head.step != Step::need_more || !head_complete_) return head;
    consumed = head.consumed;
  }
  Progress body = feed_body(bytes.substr(consumed));
  body.consumed += consumed;
  return body;
}

RequestParser::Progress RequestParser::feed_head(std::string_view bytes) {
  std::size_t skipped = 0;
  // RFC 9112 §2.2: an empty line before the request line is ignored; one is enough.
  const bool at_start = scanned_ == 0 && !blank_skipped_;
  if (at_start && bytes == "\r") return {};
  if (at_start && bytes.starts_with("\r\n")) {
    skipped = 2;
    blank_skipped_ = true;
  }
  const std::size_t size = find_head_end(bytes.substr(skipped));
  if (refusal_status_ != 0) return {Step::refused, skipped};
  if (size == 0) return {Step::need_more, skipped};
  Progress progress = put(bytes.substr(skipped, size));
  progress.consumed += skipped;
  if (progress.step == Step::need_more && !head_complete_) {
    // Beast looks a few bytes ahead: for a version, say, that the line is too short for.
    refuse(400, "the request is malformed");
    progress.step = Step::refused;
  }
  return progress;
}

RequestParser::Progress RequestParser::feed_body(std::string_view bytes) {
  if (bytes.empty()) return {};
  // Beast 1.81 asserts five bytes when a first chunk is the last; no chunked body is shorter.
  if (transfer_encodings_ > 0 && !chunk_seen_ && bytes.size() < kLastChunkBytes) return {};
  Progress progress = put(bytes);
  if (progress.step == Step::need_more && bytes.size() - progress.consumed > kChunkLineBytes) {
    refuse(400, "a chunk header is too long");
    progress.step = Step::refused;
  }
  return progress;
}

RequestParser::Progress RequestParser::put(std::string_view bytes) {
  ErrorCode error;
  const std::size_t consumed = beast_->put(bytes, error);
  if (beast_->done() && !error) {
    request_.body.reserve(request_.body.size() + http::kBodyPadding);
    return {Step::complete, consumed};
  }
  if (!error || error == beast_http::error::need_more) return {Step::need_more, consumed};
  if (error == beast_http::error::header_limit) {
    refuse(431, "the request head has too many fields");
  } else if (error == beast_http::error::body_limit) {
    refuse(413, "the request body is too large");
  } else {
    refuse(400, "the request is malformed");
  }
  return {Step::refused, consumed};
}

void RequestParser::check_head() {
  if (content_lengths_ > 1 || (content_lengths_ == 1 && transfer_encodings_ > 0))
    refuse(400, "the length of the body is ambiguous");
  if (transfer_encodings_ > 0) {
    if (http_1_0_) refuse(400, "Transfer-Encoding in HTTP/1.0");  // RFC 9112 §6.1
    if (transfer_encodings_ > 1 ||
        !ascii_iequal(*request_.headers.find("Transfer-Encoding"), "chunked"))
      refuse(501, "the transfer coding is not supported");
  }
  if (hosts_ > 1 || (hosts_ == 0 && !http_1_0_))
    refuse(400, "exactly one Host is needed");  // RFC 9112 §3.2
  if (has_expectation_ && !http_1_0_) {
    expects_continue_ = ascii_iequal(*request_.headers.find("Expect"), "100-continue");
    if (!expects_continue_) refuse(417, "the expectation is unknown");
  }
  check_target();
}

/// Handlers see the origin form; the authority of an absolute form replaces Host (RFC 9112 §3.2.2).
void RequestParser::check_target() {
  std::string& target = request_.target;
  if (target.starts_with('/') || (target == "*" && request_.method == "OPTIONS")) return;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string::npos) return refuse(400, "the request target is malformed");
  const std::string name = ascii_lower(target.substr(0, scheme));
  if (name != "http" && name != "https") return refuse(400, "the request target is malformed");
  const std::size_t start = scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?#", start), target.size());
  const std::string authority = target.substr(start, end - start);
  if (authority.empty() || authority.find('@') != std::string::npos)
    return refuse(400, "the request target is malformed");
  request_.headers.set("Host", authority);
  target.erase(0, end);
  if (!target.starts_with('/')) target.insert(0, "/");
}

}  // namespace gatehouse::net
