// Composing the head of an answer (RFC 9112 §4) into one flat buffer that is reused. Pure but for
// the clock behind Date, which is formatted once per second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace gatehouse::net {

class DateCache final {
 public:
  /// "Sun, 06 Nov 1994 08:49:37 GMT" for now; the view is valid until the next call.
  std::string_view now();

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

struct HeadOptions {
  bool http_1_0 = false;  ///< the peer speaks HTTP/1.0
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

/// Appends status line, `headers` and what `options` say. Framing fields among `headers`
/// (Content-Length, Transfer-Encoding, Connection) are dropped, and so are fields that would break
/// the framing (name no token, value with control characters).
void append_response_head(std::string& out, int status, const http::Headers& headers,
                          std::string_view date, const HeadOptions& options);

/// Appends one chunk (RFC 9112 §7.1); nothing for empty `bytes`, which would end the body.
void append_chunk(std::string& out, std::string_view bytes);

/// False for statuses whose answers have no body (RFC 9110 §6.4.1).
bool has_body(int status);

}  // namespace gatehouse::net
