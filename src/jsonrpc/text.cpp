// Strings of JSON: writing them with escapes, reading them back.
#include <algorithm>
#include <array>
#include <cstring>

#include "jsonrpc/json.hpp"
#include "jsonrpc/scanner.hpp"

namespace gatehouse::jsonrpc {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kHex = "0123456789abcdef";

void append_escape(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
  }
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

std::uint32_t hex4(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    const std::uint32_t digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value << 4 | digit;
  }
  return value;
}

/// Reads \uXXXX (and its second half) at `at`, which stands on the 'u'; returns how far it went.
std::size_t append_unicode_escape(std::string& out, std::string_view literal, std::size_t at) {
  if (literal.size() < at + 5) return literal.size();
  const std::uint32_t first = hex4(literal.substr(at + 1));
  const bool high = first >= 0xD800 && first <= 0xDBFF;
  if (high && literal.size() >= at + 11 && literal.substr(at + 5, 2) == "\\u") {
    const std::uint32_t second = hex4(literal.substr(at + 7));
    if (second >= 0xDC00 && second <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
      return at + 11;
    }
  }
  if (first >= 0xD800 && first <= 0xDFFF) {
    out += kReplacement;
  } else {
    append_utf8(out, first);
  }
  return at + 5;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  if (detail::is_plain(text)) {
    // libstdc++ 12 hands over the new capacity as size, so that is not what is returned.
    const std::size_t before = out.size();
    const std::size_t after = before + text.size() + 2;
    if (out.capacity() < after) out.reserve(std::max(after, 2 * out.capacity()));
    out.resize_and_overwrite(after, [&](char* data, std::size_t /*size*/) {
      data[before] = '"';
      std::memcpy(data + before + 1, at, text.size());
      data[after - 1] = '"';
      return after;
    });
    return;
  }
  out += '"';
  while (at != end) {
    const char* plain_end = detail::find_special(at, end);
    out.append(at, plain_end);
    at = plain_end;
    if (at == end) break;
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x80) {
      append_escape(out, byte);
      ++at;
    } else if (const std::size_t length = detail::utf8_sequence(at, end); length != 0) {
      out.append(at, length);
      at += length;
    } else {
      out += kReplacement;
      ++at;
    }
  }
  out += '"';
}

std::string quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

std::string unescape(std::string_view literal) {
  std::string out;
  out.reserve(literal.size());
  std::size_t at = 0;
  while (at < literal.size()) {
    const std::size_t slash = literal.find('\\', at);
    out.append(literal.substr(at, slash == std::string_view::npos ? slash : slash - at));
    if (slash == std::string_view::npos || slash + 1 >= literal.size()) break;
    at = slash + 1;
    switch (literal[at]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u':
        at = append_unicode_escape(out, literal, at);
        continue;
      default:
        out += literal[at];
    }
    ++at;
  }
  return out;
}

}  // namespace gatehouse::jsonrpc
