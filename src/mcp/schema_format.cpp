#include "mcp/schema_format.hpp"

namespace gatehouse::mcp {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && all_digits(text.substr(0, 4)) &&
         all_digits(text.substr(5, 2)) && all_digits(text.substr(8, 2)) &&
         text.substr(5, 2) >= "01" && text.substr(5, 2) <= "12" && text.substr(8, 2) >= "01" &&
         text.substr(8, 2) <= "31";
}

}  // namespace

bool fits_format(std::string_view format, std::string_view text) {
  if (format == "date") return is_date(text);
  if (format == "date-time") {
    return text.size() >= 19 && is_date(text.substr(0, 10)) && (text[10] | 0x20) == 't' &&
           text[13] == ':' && text[16] == ':';
  }
  if (format == "email") {
    const std::size_t at = text.rfind('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find(' ') == std::string_view::npos;
  }
  if (format == "uri") {
    const std::size_t colon = text.find(':');
    return colon != std::string_view::npos && colon > 0 && text.find(' ') == std::string_view::npos;
  }
  if (format == "uuid") {
    return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
           text[23] == '-' && text.find_first_not_of("0123456789abcdefABCDEF-") == text.npos;
  }
  return true;
}

}  // namespace gatehouse::mcp
