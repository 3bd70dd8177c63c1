#include "net/http_client_head.hpp"

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
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

bool is_fast_token(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!kToken[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

bool belongs_to_connection(std::string_view name) {
  constexpr std::string_view kNames[] = {"Host",    "Content-Length",   "Transfer-Encoding",
                                         "TE",      "Connection",       "Keep-Alive",
                                         "Trailer", "Proxy-Connection", "Upgrade",
                                         "Expect",  "Proxy-Authorization"};
  for (const std::string_view other : kNames) {
    if (name.size() == other.size() && ascii_iequal(name, other)) return true;
  }
  return false;
}

bool expects_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
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
    return fail(Errc::invalid_argument, "the method " + quote_remote(request.method, 40) +
                                            " cannot be sent");
  out.append(request.method).append(" ").append(spec.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", spec.host);
  bool has_agent = false;
  bool has_coding = false;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (!is_fast_token(name) || !http::is_field_value(value))
      return fail(Errc::invalid_argument,
                  "the header " + quote_remote(name, 80) + " has a name or value that cannot be sent");
    if (belongs_to_connection(name))
      return fail(Errc::invalid_argument, "the header " + quote_remote(name, 80) +
                                              " belongs to the connection and cannot be set");
    has_agent = has_agent || ascii_iequal(name, "User-Agent");
    has_coding = has_coding || ascii_iequal(name, "Accept-Encoding");
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
