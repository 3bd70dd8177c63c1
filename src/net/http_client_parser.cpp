#include "net/http_client_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "http/server.hpp"

namespace gatehouse::net {
namespace {

/// Larger announced bodies grow as they arrive: a length alone allocates little.
constexpr std::size_t kTrustedLength = 256 * 1024;
constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};  ///< what chunks decode to is limited

std::unexpected<Error> invalid() {
  return fail(Errc::protocol, "the answer is not valid HTTP");
}

/// RFC 9112 §5.2: a folded line goes on with spaces for its line end. Not the first (§2.2): then it
/// is left as it is, and refused.
std::string unfold(std::string_view head) {
  std::string text(head);
  for (std::size_t i = text.find('\n'); i + 2 < text.size(); ++i) {
    if (text[i] != '\r' || text[i + 1] != '\n') continue;
    if (text[i + 2] != ' ' && text[i + 2] != '\t') continue;
    text[i] = text[i + 1] = ' ';
  }
  return text;
}

}  // namespace

Result<std::size_t> ResponseParser::feed(std::string_view bytes) {
  std::string_view rest = bytes;
  if (is_complete()) return 0;
  if (state_ == State::head) {
    Result<std::size_t> consumed = feed_head(bytes);
    if (!consumed) return consumed;
    rest.remove_prefix(*consumed);
  }
  if (state_ != State::head && state_ != State::complete && !rest.empty()) {
    if (Result<void> fed = feed_body(rest); !fed) return std::unexpected(fed.error());
  }
  return bytes.size() - rest.size();
}

Result<std::size_t> ResponseParser::feed_head(std::string_view bytes) {
  got_some_ = got_some_ || !bytes.empty();
  const HeadEnd::Found found = end_.search(bytes);
  if (found == HeadEnd::Found::bare_line_feed) return invalid();
  const bool ended = found == HeadEnd::Found::end;
  if ((ended ? end_.size() : end_.scanned()) > limits::kHeaderBytes)
    return fail(Errc::too_large, "the head of the answer is larger than kHeaderBytes");
  if (!ended) return 0;
  std::string_view head = bytes.substr(0, end_.size());
  const std::string unfolded = end_.folded() ? unfold(head) : std::string();
  if (end_.folded()) head = unfolded;
  if (Result<void> parsed = parse_head(head); !parsed) return std::unexpected(parsed.error());
  return end_.size();
}

Result<void> ResponseParser::parse_head(std::string_view head) {
  StatusLine line;
  const std::size_t at = parse_status_line(head, line);
  if (at == 0) return invalid();
  status_ = line.status;
  if (status_ < 100 || status_ > 599)
    return fail(Errc::protocol, fmt::format("the answer has the status {}", status_));
  Framing framing;
  switch (parse_fields(head, at, headers_, framing)) {
    case HeadFault::none:
      break;
    case HeadFault::malformed:
      return invalid();
    case HeadFault::bad_length:
      return fail(Errc::protocol, "the answer has a Content-Length that is no number");
    case HeadFault::too_many_fields:
      return fail(Errc::too_large, "the answer has more header fields than kHeaderCount allows");
  }
  if (Result<void> judged = judge_framing(framing); !judged) return judged;
  return begin_body(framing, line.http_1_0);
}

Result<void> ResponseParser::judge_framing(const Framing& framing) const {
  // RFC 9112 §6.3 lets equal repetitions pass; two parsers that differ here can be led apart.
  if (framing.lengths > 1)
    return fail(Errc::protocol, "the answer has several Content-Length values");
  if (framing.transfer_codings > 1 || (framing.transfer_codings == 1 && !framing.chunked)) {
    return fail(Errc::protocol, "the answer uses the transfer coding " +
                                    quote_remote(*headers_.find("Transfer-Encoding"), 60));
  }
  if (framing.lengths > 0 && framing.transfer_codings > 0)
    return fail(Errc::protocol, "the answer has both Content-Length and Transfer-Encoding");
  if (status_ == 101) return fail(Errc::protocol, "the server switched protocols unasked");
  return {};
}

Result<void> ResponseParser::begin_body(const Framing& framing, bool http_1_0) {
  reusable_ =
      !framing.close && (!http_1_0 || (framing.keep_alive && !framing.chunked));  // RFC 9112 §6.1
  const bool bodiless =
      kind_ != Body::expected || status_ < 200 || status_ == 204 || status_ == 304;
  if (bodiless) {
    state_ = State::complete;
    return {};
  }
  if (framing.lengths > 0 && framing.length > max_body_) {
    return fail(Errc::too_large,
                fmt::format("the answer of {} bytes is larger than the limit of {}", framing.length,
                            max_body_));
  }
  if (framing.content_codings > 0) {
    Result<std::unique_ptr<Decompressor>> opened =
        framing.content_codings == 1
            ? Decompressor::open(*headers_.find("Content-Encoding"))
            : fail(Errc::protocol, "the answer has several content codings");
    if (!opened) return std::unexpected(opened.error());
    decompressor_ = std::move(*opened);
  }
  if (decompressor_) {
    // They describe what was sent, not what callers see.
    headers_.remove("Content-Encoding");
    headers_.remove("Content-Length");
  }
  if (framing.chunked) {
    state_ = State::chunked;
  } else if (framing.lengths == 0) {
    state_ = State::to_end;
    reusable_ = false;
  } else {
    state_ = State::sized;
    left_ = framing.length;
    if (left_ == 0) return finish();
    if (!decompressor_)
      body_.reserve(std::min<std::size_t>(left_, kTrustedLength) + http::kBodyPadding);
  }
  return {};
}

Result<void> ResponseParser::feed_body(std::string_view& bytes) {
  if (state_ == State::chunked) return feed_chunks(bytes);
  std::string_view piece = bytes;
  if (state_ == State::sized)
    piece = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes.remove_prefix(piece.size());
  if (Result<void> taken = take(piece); !taken) return taken;
  if (state_ != State::sized) return {};
  left_ -= piece.size();
  return left_ == 0 ? finish() : Result<void>{};
}

Result<void> ResponseParser::feed_chunks(std::string_view& bytes) {
  while (true) {
    std::string_view data;
    switch (chunks_.next(bytes, kNoLimit, data)) {
      case ChunkReader::Found::data:
        if (Result<void> taken = take(data); !taken) return taken;
        continue;
      case ChunkReader::Found::nothing:
        return {};
      case ChunkReader::Found::end:
        return finish();
      case ChunkReader::Found::malformed:
      case ChunkReader::Found::too_large:
        return invalid();
    }
  }
}

Result<void> ResponseParser::take(std::string_view bytes) {
  if (decompressor_) return decompressor_->feed(bytes, body_, max_body_);
  if (body_.size() + bytes.size() > max_body_) {
    return fail(Errc::too_large,
                fmt::format("the answer is larger than the limit of {} bytes", max_body_));
  }
  body_.append(bytes);
  return {};
}

Result<void> ResponseParser::finish() {
  state_ = State::complete;
  return decompressor_ ? decompressor_->finish() : Result<void>{};
}

Result<void> ResponseParser::feed_end() {
  if (is_complete()) return {};
  if (state_ == State::to_end) return finish();
  if (!got_some_) return fail(Errc::unavailable, "the connection was closed without an answer");
  return fail(Errc::unavailable, "the connection was closed in the middle of the answer");
}

Result<void> ResponseParser::feed_direct(std::size_t count) {
  left_ -= count;
  return left_ == 0 ? finish() : Result<void>{};
}

}  // namespace gatehouse::net
