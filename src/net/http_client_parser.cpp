#include "net/http_client_parser.hpp"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "http/server.hpp"

namespace gatehouse::net {
namespace {

namespace beast_http = boost::beast::http;

std::string_view to_std(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// A typical head is kept without growing.
constexpr std::size_t kTypicalHeadBytes = 512;
constexpr std::size_t kTypicalHeadFields = 16;
/// Larger announced bodies grow as they arrive: a length alone allocates little.
constexpr std::size_t kTrustedLength = 256 * 1024;

}  // namespace

ResponseParser::ResponseParser(Body body, std::size_t max_body)
    : is_connect_(body == Body::connect), bodiless_(body == Body::none), max_body_(max_body) {
  eager(true);
  header_limit(limits::kHeaderBytes);
  body_limit(boost::none);
  if (body == Body::none) skip(true);
  headers_.reserve(kTypicalHeadBytes, kTypicalHeadFields);
}

void ResponseParser::refuse(Error why, error_code& error) {
  why_ = std::move(why);
  error = beast_http::make_error_code(beast_http::error::bad_value);
}

void ResponseParser::on_response_impl(int status, string_view, int, error_code& error) {
  status_ = status;
  if (status < 100 || status > 599)
    refuse({Errc::protocol, fmt::format("the answer has the status {}", status), {}}, error);
}

void ResponseParser::on_field_impl(beast_http::field field, string_view name, string_view value,
                                   error_code& error) {
  if (has_head_) return;  // trailers are dropped, so that they cannot pose as headers
  if (field == beast_http::field::content_length) {
    // RFC 9112 §6.3 lets equal repetitions pass; two parsers that differ here can be led apart.
    if (has_length_ || value.find(',') != string_view::npos)
      return refuse({Errc::protocol, "the answer has several Content-Length values", {}}, error);
    has_length_ = true;
  } else if (field == beast_http::field::transfer_encoding) {
    if (!ascii_iequal(to_std(value), "chunked")) {
      return refuse({Errc::protocol,
                     "the answer uses the transfer coding " + quote_remote(to_std(value), 60),
                     {}},
                    error);
    }
  }
  if (field == beast_http::field::content_encoding) ++codings_;
  if (headers_.size() >= limits::kHeaderCount) {
    return refuse(
        {Errc::too_large, "the answer has more header fields than kHeaderCount allows", {}}, error);
  }
  headers_.add(to_std(name), to_std(value));
}

void ResponseParser::on_header_impl(error_code& error) {
  has_head_ = true;
  if (status_ == 101)
    return refuse({Errc::protocol, "the server switched protocols unasked", {}}, error);
  if (is_interim() || is_connect_) return;
  const bool has_body = !bodiless_ && status_ != 204 && status_ != 304;
  if (const auto length = content_length(); length && has_body && *length > max_body_) {
    return refuse(
        {Errc::too_large,
         fmt::format("the answer of {} bytes is larger than the limit of {}", *length, max_body_),
         {}},
        error);
  }
  if (codings_ == 0) return;
  Result<std::unique_ptr<Decompressor>> opened =
      codings_ == 1 ? Decompressor::open(*headers_.find("Content-Encoding"))
                    : fail(Errc::protocol, "the answer has several content codings");
  if (!opened) return refuse(opened.error(), error);
  decompressor_ = std::move(*opened);
  if (!decompressor_) return;
  // They describe what was sent, not what callers see.
  headers_.remove("Content-Encoding");
  headers_.remove("Content-Length");
}

void ResponseParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  if (length && !decompressor_)
    body_.reserve(std::min<std::size_t>(*length, kTrustedLength) + http::kBodyPadding);
}

void ResponseParser::take(std::string_view bytes, error_code& error) {
  if (decompressor_) {
    if (Result<void> fed = decompressor_->feed(bytes, body_, max_body_); !fed)
      refuse(fed.error(), error);
    return;
  }
  if (bytes.data() == direct_) return;
  if (body_.size() + bytes.size() > max_body_) {
    return refuse({Errc::too_large,
                   fmt::format("the answer is larger than the limit of {} bytes", max_body_),
                   {}},
                  error);
  }
  body_.append(bytes);
}

std::size_t ResponseParser::on_body_impl(string_view bytes, error_code& error) {
  take(to_std(bytes), error);
  return bytes.size();
}

void ResponseParser::on_chunk_header_impl(std::uint64_t, string_view, error_code&) {
  chunk_seen_ = true;
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, string_view bytes,
                                               error_code& error) {
  take(to_std(bytes), error);
  return bytes.size();
}

void ResponseParser::on_finish_impl(error_code& error) {
  if (!decompressor_) return;
  if (Result<void> finished = decompressor_->finish(); !finished) refuse(finished.error(), error);
}

std::unexpected<Error> ResponseParser::failure(const error_code& error) {
  if (!why_.detail.empty()) return std::unexpected(why_);
  if (error == beast_http::error::header_limit)
    return fail(Errc::too_large, "the head of the answer is larger than kHeaderBytes");
  return fail(Errc::protocol, "the answer is not valid HTTP: " + error.message());
}

Result<std::size_t> ResponseParser::feed(std::string_view bytes) {
  if (is_done()) return 0;
  // Beast 1.81 asserts five bytes when a first chunk is the last; no chunked body is shorter.
  if (has_head_ && chunked() && !chunk_seen_ && bytes.size() < 5) return 0;
  error_code error;
  std::size_t consumed = 0;
  // Beast stops after the head where CONNECT's 2xx would have a body that does not exist.
  if (is_connect_) eager(false);
  while (consumed < bytes.size() && !is_done()) {
    consumed += put({bytes.data() + consumed, bytes.size() - consumed}, error);
    if (is_connect_ && has_head_) break;
    if (error == beast_http::error::need_more) break;
    if (error) return failure(error);
  }
  if (error && error != beast_http::error::need_more) return failure(error);
  return consumed;
}

Result<void> ResponseParser::feed_end() {
  if (is_done()) return {};
  if (!got_some()) return fail(Errc::unavailable, "the connection was closed without an answer");
  error_code error;
  put_eof(error);
  if (error == beast_http::error::partial_message)
    return fail(Errc::unavailable, "the connection was closed in the middle of the answer");
  if (error) return failure(error);
  return {};
}

std::size_t ResponseParser::direct_room() const {
  if (!has_head_ || decompressor_ || chunked() || is_done()) return 0;
  const auto remaining = content_length_remaining();
  return remaining ? static_cast<std::size_t>(*remaining) : 0;
}

Result<void> ResponseParser::feed_direct(std::size_t count) {
  direct_ = body_.data() + body_.size() - count;
  const std::string_view bytes(direct_, count);
  Result<std::size_t> fed = feed(bytes);
  direct_ = nullptr;
  if (!fed) return std::unexpected(fed.error());
  return {};
}

}  // namespace gatehouse::net
