// Any bytes as requests of one connection. However they are cut into reads, the same requests come
// out; what is accepted is unambiguous. (A refusal may come a few bytes later: an unfinished quoted
// string in a chunk extension, for one, is known to be wrong only when more has arrived.)
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_request_parser.hpp"

namespace {

using namespace gatehouse;
using Step = net::RequestParser::Step;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string describe(const http::Request& request) {
  std::string text = request.method + ' ' + request.target + '\n';
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    text += request.headers.at(i).name;
    text += ':';
    text += request.headers.at(i).value;
    text += '\n';
  }
  return text + request.body;
}

void check(const http::Request& request) {
  require(request.target.starts_with('/') || request.target == "*");
  require(request.headers.count("Content-Length") + request.headers.count("Transfer-Encoding") <=
          1);
  require(request.headers.count("Host") <= 1);
  require(request.body.size() <= 4096);
}

/// What the bytes amount to, read `piece` bytes at a time.
std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
  net::RequestParser parser(1024, 4096);
  std::vector<std::string> seen;
  std::string pending;
  while (true) {
    const net::RequestParser::Progress progress = parser.feed(pending);
    require(progress.consumed <= pending.size());
    pending.erase(0, progress.consumed);
    if (progress.step == Step::refused) {
      require(parser.refusal_status() >= 400 && !parser.refusal_reason().empty());
      return seen;
    }
    if (progress.step == Step::complete) {
      check(parser.request());
      seen.push_back(describe(parser.request()));
      parser.reset();
      if (!pending.empty()) continue;
    }
    if (bytes.empty()) return seen;
    const std::string_view next = bytes.substr(0, piece);
    pending += next;
    bytes.remove_prefix(next.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size > 8192) return 0;
  const std::vector<std::string> whole = read_all(bytes, bytes.size());
  require(read_all(bytes, 1) == whole);
  require(read_all(bytes, 7) == whole);
  return 0;
}
