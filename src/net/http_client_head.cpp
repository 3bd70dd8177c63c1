#include "net/http_client_head.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace gatehouse::net {
namespace {

bool same_name(std::string_view name, std::string_view known) {
  return name.size() == known.size() && (name[0] | 0x20) == (known[0] | 0x20) &&
         ascii_iequal(name, known);
}

bool belongs_to_connection(std::string_view name) {
  const auto is = [name](std::string_view known) { return same_name(name, known); };
  switch (name.size()) {
    case 2:
      return is("TE");
    case 4:
      return is("Host");
    case 6:
      return is("Expect");
    case 7:
      return is("Trailer") || is("Upgrade");
    case 10:
      return is("Connection") || is("Keep-Alive");
    case 14:
      return is("Content-Length");
    case 16:
      return is("Proxy-Connection");
    case 17:
      return is("Transfer-Encoding");
    case 19:
      return is("Proxy-Authorization");
    default:
      return false;
  }
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
  if (!http::is_token(request.method) || request.method == "CONNECT")
    return fail(Errc::invalid_argument,
                "the method " + quote_remote(request.method, 40) + " cannot be sent");
  out.append(request.method).append(" ").append(spec.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", spec.host);
  bool has_agent = false;
  bool has_coding = false;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (!http::is_token(name) || !http::is_field_value(value))
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
