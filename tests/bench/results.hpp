// The two results of the benchmark's tool server, byte for byte: `upstream` sends them, `load`
// expects them.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::bench {

inline constexpr std::size_t kSmallResult = 1024;       ///< bytes of the answer's body, about
inline constexpr std::size_t kLargeResult = 64 * 1024;  ///< the same

/// The text of the result: words, not one letter over and over, and something to escape.
inline std::string result_text(std::size_t body_size) {
  constexpr std::string_view kAround =
      R"({"jsonrpc":"2.0","id":1000000,"result":{"resultType":"complete","content":[{"type":"text","text":""}],"isError":false}})";
  constexpr std::string_view kWords =
      R"(Loopback answers quickly; a \"quoted\" word and a line\nbreak keep parsers honest. )";
  std::string text;
  while (text.size() + kWords.size() + kAround.size() <= body_size) text += kWords;
  text.append(body_size - kAround.size() - text.size(), '.');
  return text;
}

}  // namespace gatehouse::bench
