// Answers of upstreams: the same bytes mean the same, however they are cut; bounds hold; nothing is
// consumed twice.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_client_parser.hpp"

using gatehouse::net::ResponseParser;

namespace {

constexpr std::size_t kMaxBody = 4096;

struct Outcome {
  bool failed = false;
  bool complete = false;
  int status = 0;
  std::size_t fields = 0;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view bytes, std::size_t step) {
  ResponseParser parser(ResponseParser::Body::expected, kMaxBody);
  Outcome outcome;
  std::string buffer;
  for (std::size_t at = 0; at < bytes.size() && !parser.is_complete(); at += step) {
    buffer.append(bytes.substr(at, step));
    const auto consumed = parser.feed(buffer);
    if (!consumed) {
      outcome.failed = true;
      return outcome;
    }
    if (*consumed > buffer.size()) std::abort();
    buffer.erase(0, *consumed);
  }
  if (!parser.is_complete() && !bytes.empty()) outcome.failed = !parser.feed_end().has_value();
  if (parser.body().size() > kMaxBody) std::abort();
  if (outcome.failed) return outcome;
  outcome.complete = parser.is_complete();
  outcome.status = parser.status();
  outcome.fields = parser.headers().size();
  outcome.body = parser.body();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = parse(bytes, bytes.size() + 1);
  if (!(parse(bytes, 7) == whole) || !(parse(bytes, 1) == whole)) std::abort();
  return 0;
}
