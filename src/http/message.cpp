#include "http/message.hpp"

#include "base/encoding.hpp"

namespace gatehouse::http {

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

void Headers::add(std::string_view name, std::string_view value) {
  Entry entry{};
  entry.name_at = static_cast<std::uint32_t>(text_.size());
  entry.name_size = static_cast<std::uint32_t>(name.size());
  entry.value_at = static_cast<std::uint32_t>(text_.size() + name.size());
  entry.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(name).append(value);
  entries_.push_back(entry);
}

void Headers::set(std::string_view name, std::string_view value) {
  // The arguments may point into text_, which remove() leaves alone and add() may move.
  const std::string name_copy(name);
  const std::string value_copy(value);
  remove(name_copy);
  add(name_copy, value_copy);
}

void Headers::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) {
    return ascii_iequal(std::string_view(text_).substr(entry.name_at, entry.name_size), name);
  });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const char* text = text_.data();
  for (const Entry& entry : entries_) {
    if (entry.name_size != name.size()) continue;
    if (ascii_iequal({text + entry.name_at, entry.name_size}, name))
      return std::string_view(text + entry.value_at, entry.value_size);
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = at(i);
    if (ascii_iequal(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::size_t Headers::count(std::string_view name) const {
  const char* text = text_.data();
  std::size_t count = 0;
  for (const Entry& entry : entries_) {
    if (entry.name_size != name.size()) continue;
    if (ascii_iequal({text + entry.name_at, entry.name_size}, name)) ++count;
  }
  return count;
}

Headers::Field Headers::at(std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {text.substr(entry.name_at, entry.name_size),
          text.substr(entry.value_at, entry.value_size)};
}

void Headers::clear() {
  text_.clear();
  entries_.clear();
}

bool is_token(std::string_view text) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  if (text.empty()) return false;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && kSymbols.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool is_field_value(std::string_view text) {
  if (trim_ows(text).size() != text.size()) return false;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

std::string media_type(std::string_view content_type) {
  return ascii_lower(trim_ows(content_type.substr(0, content_type.find(';'))));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return {};
  }
}

}  // namespace gatehouse::http
