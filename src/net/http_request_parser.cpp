#include "net/http_request_parser.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "http/server.hpp"

namespace gatehouse::net {
namespace {

constexpr std::size_t kKeptBodyBytes = 256 * 1024;  ///< a larger body's memory is given back

}  // namespace

RequestParser::RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {}

void RequestParser::reset() {
  request_.headers.clear();
  if (request_.body.capacity() > kKeptBodyBytes + http::kBodyPadding) request_.body = {};
  request_.body.clear();
  end_ = {};
  framing_ = {};
  chunks_ = {};
  blank_skipped_ = head_complete_ = expects_continue_ = http_1_0_ = false;
  refusal_status_ = 0;
  refusal_reason_ = {};
}

void RequestParser::refuse(int status, std::string_view reason) {
  if (refusal_status_ != 0) return;
  refusal_status_ = status;
  refusal_reason_ = reason;
}

RequestParser::Progress RequestParser::feed(std::string_view bytes) {
  std::size_t consumed = 0;
  if (!head_complete_) {
    const Progress head = feed_head(bytes);
    if (!head_complete_) return head;
    consumed = head.consumed;
  }
  Progress body = feed_body(bytes.substr(consumed));
  body.consumed += consumed;
  return body;
}

RequestParser::Progress RequestParser::feed_head(std::string_view bytes) {
  std::size_t skipped = 0;
  // RFC 9112 §2.2: an empty line before the request line is ignored; one is enough.
  const bool at_start = end_.scanned() == 0 && !blank_skipped_;
  if (at_start && bytes == "\r") return {};
  if (at_start && bytes.starts_with("\r\n")) {
    skipped = 2;
    blank_skipped_ = true;
    bytes.remove_prefix(2);
  }
  const HeadEnd::Found found = end_.search(bytes);
  if (found == HeadEnd::Found::bare_line_feed)
    refuse(400, "a line ends without CR LF");  // RFC 9112 §2.2 lets recipients disagree
  if (end_.folded()) refuse(400, "a header field is folded");  // RFC 9112 §5.2
  const std::size_t seen = found == HeadEnd::Found::end ? end_.size() : end_.scanned();
  if (seen > max_header_bytes_) refuse(431, "the request head is too large");
  if (refusal_status_ == 0 && found == HeadEnd::Found::end)
    parse_head(bytes.substr(0, end_.size()));
  if (refusal_status_ != 0) return {Step::refused, skipped};
  if (found != HeadEnd::Found::end) return {Step::need_more, skipped};
  head_complete_ = true;
  return {Step::need_more, skipped + end_.size()};
}

void RequestParser::parse_head(std::string_view head) {
  RequestLine line;
  const std::size_t at = parse_request_line(head, line);
  if (at == 0) return refuse(400, "the request is malformed");
  request_.method.assign(line.method);
  request_.target.assign(line.target);
  http_1_0_ = line.http_1_0;
  switch (parse_fields(head, at, request_.headers, framing_)) {
    case HeadFault::none:
      break;
    case HeadFault::malformed:
      return refuse(400, "the request is malformed");
    case HeadFault::bad_length:
      return refuse(400, "Content-Length is not a number");
    case HeadFault::too_many_fields:
      return refuse(431, "the request head has too many fields");
  }
  check_framing();
  check_target();
}

void RequestParser::check_framing() {
  if (framing_.lengths > 1 || (framing_.lengths == 1 && framing_.transfer_codings > 0))
    refuse(400, "the length of the body is ambiguous");
  if (framing_.transfer_codings > 0) {
    if (http_1_0_) refuse(400, "Transfer-Encoding in HTTP/1.0");  // RFC 9112 §6.1
    if (framing_.transfer_codings > 1 || !framing_.chunked)
      refuse(501, "the transfer coding is not supported");
  }
  if (framing_.hosts > 1 || (framing_.hosts == 0 && !http_1_0_))
    refuse(400, "exactly one Host is needed");  // RFC 9112 §3.2
  if (framing_.expects && !http_1_0_) {
    expects_continue_ = ascii_iequal(*request_.headers.find("Expect"), "100-continue");
    if (!expects_continue_) refuse(417, "the expectation is unknown");
  }
  if (framing_.length > max_body_bytes_) refuse(413, "the request body is too large");
}

RequestParser::Progress RequestParser::feed_body(std::string_view bytes) {
  if (framing_.chunked) return feed_chunks(bytes);
  // A long body grows as it arrives: its length is a claim.
  const auto length = static_cast<std::size_t>(framing_.length);
  if (request_.body.empty())
    request_.body.reserve(std::min(length, kKeptBodyBytes) + http::kBodyPadding);
  const std::size_t taken = std::min(bytes.size(), length - request_.body.size());
  request_.body.append(bytes.substr(0, taken));
  return request_.body.size() == length ? complete(taken) : Progress{Step::need_more, taken};
}

RequestParser::Progress RequestParser::feed_chunks(std::string_view bytes) {
  std::string_view rest = bytes;
  while (true) {
    std::string_view data;
    switch (chunks_.next(rest, max_body_bytes_ - request_.body.size(), data)) {
      case ChunkReader::Found::data:
        request_.body.append(data);
        continue;
      case ChunkReader::Found::nothing:
        return {Step::need_more, bytes.size() - rest.size()};
      case ChunkReader::Found::end:
        return complete(bytes.size() - rest.size());
      case ChunkReader::Found::malformed:
        refuse(400, "the request is malformed");
        break;
      case ChunkReader::Found::too_large:
        refuse(413, "the request body is too large");
        break;
    }
    return {Step::refused, bytes.size() - rest.size()};
  }
}

RequestParser::Progress RequestParser::complete(std::size_t consumed) {
  request_.body.reserve(request_.body.size() + http::kBodyPadding);
  return {Step::complete, consumed};
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
