// Our request parser against Beast's: what ours takes for a request, Beast must take for the same
// one, of the same length. (Ours refuses more; what it refuses is http_server_framing_test's.)
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/src.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "net/http_request_parser.hpp"

namespace {

using namespace gatehouse;
namespace beast = boost::beast;

constexpr std::size_t kMaxBody = 4096;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

void compare(std::string_view bytes, const net::RequestParser& ours) {
  beast::http::request_parser<beast::http::string_body> theirs;
  theirs.eager(true);
  theirs.body_limit(kMaxBody);
  theirs.header_limit(8192);
  beast::error_code error;
  const std::size_t consumed = theirs.put({bytes.data(), bytes.size()}, error);
  require(!error && theirs.is_done() && consumed == bytes.size());
  require(theirs.keep_alive() == ours.keep_alive());
  const auto& message = theirs.get();
  const http::Request& request = ours.request();
  require(view(message.method_string()) == request.method);
  require(message.body() == request.body);
  const bool absolute = !view(message.target()).starts_with('/') && view(message.target()) != "*";
  if (absolute) return;  // ours has been rewritten
  require(view(message.target()) == request.target);
  std::size_t fields = 0;
  for (const auto& field : message) {
    ++fields;
    const auto values = request.headers.find_all(view(field.name_string()));
    bool found = false;
    for (const std::string_view value : values) found = found || value == view(field.value());
    require(found || message.chunked());  // Beast keeps trailers as fields
  }
  require(fields >= request.headers.size());
  require(fields == request.headers.size() || message.chunked());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  net::RequestParser parser(4096, kMaxBody);
  while (!bytes.empty()) {
    const net::RequestParser::Progress progress = parser.feed(bytes);
    require(progress.consumed <= bytes.size());
    if (progress.step != net::RequestParser::Step::complete) break;
    std::string_view request = bytes.substr(0, progress.consumed);
    if (request.starts_with("\r\n")) request.remove_prefix(2);
    compare(request, parser);
    bytes.remove_prefix(progress.consumed);
    parser.reset();
  }
  return 0;
}
