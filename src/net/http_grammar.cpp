#include "net/http_grammar.hpp"

#include <algorithm>
#include <cstring>

#include "base/encoding.hpp"
#include "base/limits.hpp"

namespace gatehouse::net {
namespace {

constexpr std::size_t kLineBytes = 16 * 1024;  ///< a chunk's first line, or all trailers

/// RFC 9112 §3.2: no white space; nor anything else that URLs do not have.
const char* skip_target(const char* at, const char* end) {
  while (at != end && *at > 0x20 && *at < 0x7f) ++at;
  return at;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool at_line_end(const char* at, const char* end) {
  return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

/// "HTTP/1.0" or "HTTP/1.1".
bool parse_version(const char* at, const char* end, bool& http_1_0) {
  if (end - at < 8 || std::memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1'))
    return false;
  http_1_0 = at[7] == '0';
  return true;
}

struct FieldLine {
  const char* name = nullptr;
  const char* name_end = nullptr;
  const char* value = nullptr;
  const char* value_end = nullptr;
  std::string_view value_text() const {
    return {value, static_cast<std::size_t>(value_end - value)};
  }
};

/// Behind the line; null when it is malformed.
const char* parse_field(const char* at, const char* end, FieldLine& field) {
  field.name = at;
  at = http::skip_token(at, end);
  field.name_end = at;
  if (at == field.name || at == end || *at != ':') return nullptr;
  ++at;
  while (at != end && is_space(*at)) ++at;
  field.value = at;
  at = http::skip_value(at, end);
  if (!at_line_end(at, end)) return nullptr;
  field.value_end = at;
  while (field.value_end != field.value && is_space(field.value_end[-1])) --field.value_end;
  return at + 2;
}

/// RFC 9110 §8.6: digits and nothing else.
bool parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 19) return false;  // 19 digits cannot overflow
  length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

/// RFC 9110 §7.6.1: a list of tokens; empty elements count for nothing.
bool read_connection(std::string_view list, Framing& framing) {
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view option = trim_ows(list.substr(0, comma));
    if (!option.empty() && http::skip_token(option.data(), option.data() + option.size()) !=
                               option.data() + option.size())
      return false;
    if (ascii_iequal(option, "close")) framing.close = true;
    if (ascii_iequal(option, "keep-alive")) framing.keep_alive = true;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

/// Fields that frame the message; others are none of the grammar's business.
HeadFault note_framing(std::string_view name, std::string_view value, Framing& framing) {
  switch (name.size()) {
    case 4:
      if (ascii_iequal(name, "Host")) ++framing.hosts;
      break;
    case 6:
      if (ascii_iequal(name, "Expect")) framing.expects = true;
      break;
    case 10:
      if (ascii_iequal(name, "Connection") && !read_connection(value, framing))
        return HeadFault::malformed;
      break;
    case 14:
      if (!ascii_iequal(name, "Content-Length")) break;
      ++framing.lengths;
      if (!parse_length(value, framing.length)) return HeadFault::bad_length;
      break;
    case 16:
      if (ascii_iequal(name, "Content-Encoding")) ++framing.content_codings;
      if (ascii_iequal(name, "Proxy-Connection") && !read_connection(value, framing))
        return HeadFault::malformed;
      break;
    case 17:
      if (!ascii_iequal(name, "Transfer-Encoding")) break;
      ++framing.transfer_codings;
      framing.chunked = ascii_iequal(value, "chunked");
      break;
    default:
      break;
  }
  return HeadFault::none;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const char* skip_spaces(const char* at, const char* end) {
  while (at != end && is_space(*at)) ++at;
  return at;
}

/// RFC 9110 §5.6.4, from the opening quote on; null when it is malformed.
const char* skip_quoted(const char* at, const char* end) {
  for (++at; at != end && *at != '"'; ++at) {
    if (*at == '\\' && ++at == end) return nullptr;
    if (http::skip_value(at, at + 1) == at) return nullptr;
  }
  return at == end ? nullptr : at + 1;
}

/// RFC 9112 §7.1.1: *( BWS ";" BWS name [ BWS "=" BWS value ] ).
bool are_extensions(const char* at, const char* end) {
  while (at != end) {
    at = skip_spaces(at, end);
    if (at == end || *at != ';') return false;
    const char* name = skip_spaces(at + 1, end);
    at = http::skip_token(name, end);
    if (at == name) return false;
    const char* sign = skip_spaces(at, end);
    if (sign == end || *sign != '=') continue;
    const char* value = skip_spaces(sign + 1, end);
    if (value == end) return false;
    at = *value == '"' ? skip_quoted(value, end) : http::skip_token(value, end);
    if (at == nullptr || at == value) return false;
  }
  return true;
}

}  // namespace

HeadEnd::Found HeadEnd::search(std::string_view bytes) {
  while (scanned_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == line_start_ || bytes[at - 1] != '\r') return Found::bare_line_feed;
    folded_ = folded_ || is_space(bytes[line_start_]);
    const bool blank = at == line_start_ + 1;
    line_start_ = scanned_ = at + 1;
    if (blank) return Found::end;
  }
  scanned_ = bytes.size();
  return Found::nothing;
}

std::size_t parse_request_line(std::string_view head, RequestLine& into) {
  const char* const begin = head.data();
  const char* const end = begin + head.size();
  const char* at = http::skip_token(begin, end);
  if (at == begin || at == end || *at != ' ') return 0;
  into.method = {begin, static_cast<std::size_t>(at - begin)};
  const char* const target = ++at;
  at = skip_target(at, end);
  if (at == target || at == end || *at != ' ') return 0;
  into.target = {target, static_cast<std::size_t>(at - target)};
  ++at;
  if (!parse_version(at, end, into.http_1_0) || !at_line_end(at + 8, end)) return 0;
  return static_cast<std::size_t>(at + 10 - begin);
}

std::size_t parse_status_line(std::string_view head, StatusLine& into) {
  const char* const begin = head.data();
  const char* const end = begin + head.size();
  const char* at = begin;
  if (!parse_version(at, end, into.http_1_0)) return 0;
  at += 8;
  if (end - at < 5 || *at != ' ' || at[4] != ' ') return 0;
  into.status = 0;
  for (++at; *at != ' '; ++at) {
    if (*at < '0' || *at > '9') return 0;
    into.status = into.status * 10 + (*at - '0');
  }
  at = http::skip_value(at, end);
  if (!at_line_end(at, end)) return 0;
  return static_cast<std::size_t>(at + 2 - begin);
}

HeadFault parse_fields(std::string_view head, std::size_t at, http::Headers& into,
                       Framing& framing) {
  const char* const begin = head.data();
  const char* const end = begin + head.size();
  const char* line = begin + at;
  into.adopt(head);
  while (!at_line_end(line, end)) {
    FieldLine field;
    line = parse_field(line, end, field);
    if (line == nullptr) return HeadFault::malformed;
    if (into.size() >= limits::kHeaderCount) return HeadFault::too_many_fields;
    const std::string_view name(field.name, static_cast<std::size_t>(field.name_end - field.name));
    const HeadFault fault = note_framing(name, field.value_text(), framing);
    if (fault != HeadFault::none) return fault;
    into.add_adopted(static_cast<std::size_t>(field.name - begin), name.size(),
                     static_cast<std::size_t>(field.value - begin), field.value_text().size());
  }
  return line + 2 == end ? HeadFault::none : HeadFault::malformed;
}

ChunkReader::Found ChunkReader::next(std::string_view& bytes, std::uint64_t room,
                                     std::string_view& data) {
  if (state_ == State::data_end) {
    if (bytes.size() < 2)
      return bytes.empty() || bytes[0] == '\r' ? Found::nothing : Found::malformed;
    if (bytes[0] != '\r' || bytes[1] != '\n') return Found::malformed;
    bytes.remove_prefix(2);
    state_ = State::size;
  }
  if (state_ == State::size) {
    const Found found = read_size(bytes, room);
    if (found != Found::data) return found;
  }
  if (state_ == State::trailer) return read_trailer(bytes);
  if (bytes.empty()) return Found::nothing;
  data = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes.remove_prefix(data.size());
  left_ -= data.size();
  if (left_ == 0) state_ = State::data_end;
  return Found::data;
}

/// `data` when the line is read; the state says what follows.
ChunkReader::Found ChunkReader::read_size(std::string_view& bytes, std::uint64_t room) {
  const void* found = scanned_ >= bytes.size()
                          ? nullptr
                          : std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
  if (found == nullptr) {
    scanned_ = bytes.size();
    return scanned_ > kLineBytes ? Found::malformed : Found::nothing;
  }
  const char* at = bytes.data();
  const char* end = static_cast<const char*>(found);
  if (end == at || end[-1] != '\r') return Found::malformed;
  --end;
  left_ = 0;
  int digits = 0;
  for (; at != end && hex_digit(*at) >= 0; ++at) {
    if (++digits > 15) return Found::malformed;
    left_ = left_ * 16 + static_cast<std::uint64_t>(hex_digit(*at));
  }
  if (digits == 0 || !are_extensions(at, end)) return Found::malformed;
  if (left_ > room) return Found::too_large;
  bytes.remove_prefix(static_cast<std::size_t>(end + 2 - bytes.data()));
  scanned_ = 0;
  state_ = left_ == 0 ? State::trailer : State::data;
  return Found::data;
}

ChunkReader::Found ChunkReader::read_trailer(std::string_view& bytes) {
  while (true) {
    if (bytes.starts_with("\r\n")) {
      bytes.remove_prefix(2);
      return Found::end;
    }
    const std::size_t from = std::min(scanned_, bytes.size());
    const std::size_t line_feed = bytes.find('\n', from);
    if (line_feed == std::string_view::npos) {
      scanned_ = bytes.size();
      return scanned_ > kLineBytes ? Found::malformed : Found::nothing;
    }
    FieldLine field;
    const char* const end = bytes.data() + line_feed + 1;
    if (parse_field(bytes.data(), end, field) != end) return Found::malformed;
    const std::string_view name(field.name, static_cast<std::size_t>(field.name_end - field.name));
    // Another framing than the one that was followed, or a connection that ends otherwise.
    Framing framing;
    if (note_framing(name, field.value_text(), framing) != HeadFault::none || framing.lengths > 0 ||
        framing.transfer_codings > 0 || framing.close || framing.keep_alive)
      return Found::malformed;
    bytes.remove_prefix(line_feed + 1);
    scanned_ = 0;
    left_ += line_feed + 1;  // the trailers together
    if (left_ > kLineBytes) return Found::malformed;
  }
}

}  // namespace gatehouse::net
