#include "net/http_response_head.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include "base/encoding.hpp"

namespace gatehouse::net {
namespace {

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
}

bool is_framing(std::string_view name) {
  switch (name.size()) {
    case 10:
      return ascii_iequal(name, "Connection") || ascii_iequal(name, "Keep-Alive");
    case 14:
      return ascii_iequal(name, "Content-Length");
    case 17:
      return ascii_iequal(name, "Transfer-Encoding");
    default:
      return false;
  }
}

}  // namespace

std::string_view DateCache::now() {
  const std::time_t seconds = std::time(nullptr);
  if (seconds != second_) {
    second_ = seconds;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text;
    text_.assign(text.data(),
                 std::strftime(text.data(), text.size(), "%a, %d %b %Y %T GMT", &parts));
  }
  return text_;
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_response_head(std::string& out, int status, const http::Headers& headers,
                          std::string_view date, const HeadOptions& options) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out += ' ';
    out += http::reason_phrase(status);
    out += "\r\n";
  }
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const http::Headers::Field field = headers.at(i);
    if (is_framing(field.name) || !http::is_token(field.name) || !http::is_field_value(field.value))
      continue;
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  out += "Date: ";
  out += date;
  if (options.chunked) {
    out += "\r\nTransfer-Encoding: chunked";
  } else if (options.content_length && has_body(status)) {
    out += "\r\nContent-Length: ";
    append_number(out, *options.content_length);
  }
  if (!options.keep_alive) {
    out += "\r\nConnection: close";
  } else if (options.http_1_0) {
    out += "\r\nConnection: keep-alive";
  }
  out += "\r\n\r\n";
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_number(out, bytes.size(), 16);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

}  // namespace gatehouse::net
