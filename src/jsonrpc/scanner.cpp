#include "jsonrpc/scanner.hpp"

namespace gatehouse::jsonrpc {

std::string_view describe(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "nothing is wrong";
    case Fault::syntax:
      return "this is not JSON";
    case Fault::utf8:
      return "the text is not UTF-8";
    case Fault::control:
      return "a string contains a control character";
    case Fault::escape:
      return "an escape sequence is malformed";
    case Fault::number:
      return "a number is malformed";
    case Fault::depth:
      return "values are nested too deeply (kJsonDepth)";
    case Fault::duplicate:
      return "a member name occurs twice in one object";
    case Fault::trailing:
      return "there is more after the value";
    case Fault::empty:
      return "there is no value";
  }
  return "this is not JSON";
}

namespace detail {

// RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t utf8_sequence(const char* at, const char* end) {
  const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  const auto tail = [&byte](int i) { return (byte(i) & 0xC0) == 0x80; };
  const auto left = end - at;
  const unsigned char lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace detail

}  // namespace gatehouse::jsonrpc
