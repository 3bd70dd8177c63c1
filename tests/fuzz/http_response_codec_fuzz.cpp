// Our answer parser against Beast's: what ours takes for an answer, Beast must take for the same
// one, of the same length. (Ours refuses more; that is http_client_test's.)
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/src.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_client_parser.hpp"

namespace {

using namespace gatehouse;
using net::ResponseParser;
namespace beast = boost::beast;

constexpr std::size_t kMaxBody = 4096;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// A folded line goes on with one space there and several here (RFC 9112 §5.2).
std::string without_spaces(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (c != ' ' && c != '\t') kept += c;
  }
  return kept;
}

void compare(std::string_view bytes, ResponseParser& ours, bool to_end, bool is_head) {
  beast::http::response_parser<beast::http::string_body> theirs;
  theirs.eager(true);
  theirs.skip(is_head);
  theirs.body_limit(boost::none);
  theirs.header_limit(64 * 1024);
  beast::error_code error;
  const std::size_t consumed = theirs.put({bytes.data(), bytes.size()}, error);
  if (to_end && (!error || error == beast::http::error::need_more)) theirs.put_eof(error);
  require(!error && theirs.is_done() && consumed == bytes.size());
  const auto& message = theirs.get();
  require(static_cast<int>(message.result_int()) == ours.status());
  if (ours.may_reuse_connection()) require(theirs.keep_alive());
  if (message.find(beast::http::field::content_encoding) != message.end()) return;
  require(message.body() == ours.body());
  std::size_t fields = 0;
  for (const auto& field : message) {
    ++fields;
    bool found = false;
    for (const std::string_view value : ours.headers().find_all(view(field.name_string())))
      found = found || without_spaces(value) == without_spaces(view(field.value()));
    require(found || message.chunked());
  }
  require(fields >= ours.headers().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 8192) return 0;
  const bool is_head = (data[0] & 1) != 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!bytes.empty()) {
    ResponseParser parser(is_head ? ResponseParser::Body::none : ResponseParser::Body::expected,
                          kMaxBody);
    const Result<std::size_t> consumed = parser.feed(bytes);
    if (!consumed) break;
    require(*consumed <= bytes.size());
    const bool to_end = !parser.is_complete();
    if (to_end && !parser.feed_end()) break;
    compare(bytes.substr(0, *consumed), parser, to_end, is_head);
    bytes.remove_prefix(*consumed);
    if (to_end) break;
  }
  return 0;
}
