#include "net/http_client_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.hpp"

namespace gatehouse::net {
namespace {

/// RFC 9110 §5.6.2.
constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

bool is_fast_token(std::string_view text) {
  bool good = !text.empty();
  for (const char c : text) good = good && kToken[static_cast<unsigned char>(c)];
  return good;
}

/// http::is_field_value() without a branch per byte: it runs over every byte of every call's head.
bool is_fast_value(std::string_view text) {
  unsigned bad = 0;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    bad |= static_cast<unsigned>(c < 0x20) & static_cast<unsigned>(c != '\t');
    bad |= static_cast<unsigned>(c == 0x7f);
  }
  if (bad != 0) return false;
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  return text.empty() || !(is_space(text.front()) || is_space(text.back()));
}

bool same_name(std::string_view name, std::string_view known) {
  return name.size() == known.size() && (name[0] | 0x20) == (known[0] | 0x20) &&
         ascii_iequal(name, known);
}

bool belongs_to_connection(std::string_view name) {
  constexpr std::string_view kNames[] = {"Host",    "Content-Length",     "Transfer-Encoding",
                                         "TE",      "Connection",         "Keep-Alive",
                                         "Trailer", "Proxy-Connection",   "Upgrade",
                                         "Expect",  "Proxy-Authorization"};
  for (const std::string_view other : kNames) {
    if (same_name(name, other)) return true;
  }
  return false;
}

bool expects_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

char* put(char* at, std::string_view text) {
  return std::copy_n(text.data(), text.size(), at);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t before = out.size();
  const std::size_t after = before + name.size() + value.size() + 4;
  // libstdc++ 12 hands over the new capacity as size, so that is not what is returned.
  out.resize_and_overwrite(after, [&](char* data, std::size_t /*size*/) {
    put(put(put(put(data + before, name), ": "), value), "\r\n");
    return after;
  });
}

void append_length(std::string& out, std::size_t size) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), size).ptr;
  append_field(out, "Content-Length", {digits, static_cast<std::size_t>(end - digits)});
}

}  // namespace

Result<void> write_request_head(const http::Request& request, const HeadSpec& spec,
                                std::string& out) {
  if (!is_fast_token(request.method) || request.method == "CONNECT")
    return fail(Errc::invalid_argument,
                "the method " + quote_remote(request.method, 40) + " cannot be sent");
  out.append(request.method).append(" ").append(spec.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", spec.host);
  bool has_agent = false;
  bool has_coding = false;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (!is_fast_token(name) || !is_fast_value(value))
      return fail(Errc::invalid_argument, "the header " + quote_remote(name, 80) +
                                              " has a name or value that cannot be sent");
    if (belongs_to_connection(name))
      return fail(Errc::invalid_argument, "the header " + quote_remote(name, 80) +
                                              " belongs to the connection and cannot be set");
    has_agent = has_agent || same_name(name, "User-Agent");
    has_coding = has_coding || same_name(name, "Accept-Encoding");
    append_field(out, name, value);
  }
  if (!has_agent) append_field(out, "User-Agent", spec.user_agent);
  if (!has_coding) append_field(out, "Accept-Encoding", spec.accept_encoding);
  if (!spec.proxy_authorization.empty())
    append_field(out, "Proxy-Authorization", spec.proxy_authorization);
  if (!request.body.empty() || expects_body(request.method))
    append_length(out, request.body.size());
  out.append("\r\n");
  return {};
}

}  // namespace gatehouse::net
