// The grammar of HTTP/1.1 heads and chunks (RFC 9112), for both directions and nothing else: what a
// message means, and what is refused, is said by RequestParser and ResponseParser. Strict: lines
// end with CR LF, names are tokens, values have no control characters. Pure. Held against Beast's
// parser by tests/fuzz/http_*_codec_fuzz.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace gatehouse::net {

/// Looks for the end of a head as it arrives; no byte is looked at twice.
class HeadEnd final {
 public:
  enum class Found { nothing, end, bare_line_feed };
  /// `bytes` starts with the head and has grown since the last call.
  Found search(std::string_view bytes);
  std::size_t size() const { return line_start_; }  ///< of the head, once its end is found
  std::size_t scanned() const { return scanned_; }
  bool folded() const { return folded_; }  ///< a line so far begins with white space (§5.2)

 private:
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  bool folded_ = false;
};

struct RequestLine {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
};
struct StatusLine {
  int status = 0;
  bool http_1_0 = false;
};
/// The size of the line with its end; 0 when it is malformed.
std::size_t parse_request_line(std::string_view head, RequestLine& into);
std::size_t parse_status_line(std::string_view head, StatusLine& into);

/// What the fields of a head say about the message and its connection.
struct Framing {
  std::uint64_t length = 0;  ///< the value of Content-Length
  int lengths = 0;           ///< fields of that name
  int transfer_codings = 0;  ///< Transfer-Encoding fields
  bool chunked = false;      ///< the last of these is exactly "chunked"
  int hosts = 0;             ///< Host fields
  int content_codings = 0;   ///< Content-Encoding fields
  bool expects = false;      ///< there is an Expect
  bool close = false;        ///< Connection: close
  bool keep_alive = false;   ///< Connection: keep-alive
};

enum class HeadFault { none, malformed, bad_length, too_many_fields };

/// The field lines of `head`, a whole head without folded lines, from `at` to its blank line.
HeadFault parse_fields(std::string_view head, std::size_t at, http::Headers& into,
                       Framing& framing);

/// A chunked body piece by piece. Trailers are checked and dropped (RFC 9110 §6.5.1).
class ChunkReader final {
 public:
  enum class Found {
    nothing,  ///< give the rest again with more behind it
    data,     ///< `data` is a piece of the body
    end,      ///< the body and its trailers are over
    malformed,
    too_large,  ///< a chunk has more than `room` bytes
  };
  /// Takes from the front of `bytes`.
  Found next(std::string_view& bytes, std::uint64_t room, std::string_view& data);

 private:
  enum class State { size, data, data_end, trailer };
  Found read_size(std::string_view& bytes, std::uint64_t room);
  Found read_trailer(std::string_view& bytes);

  State state_ = State::size;
  std::uint64_t left_ = 0;   ///< of the chunk
  std::size_t scanned_ = 0;  ///< of a line that is not complete
};

}  // namespace gatehouse::net
