// Decompressor: content codings of answers (RFC 9110 §8.4.1), incrementally and within a limit.
// Used by the response parser.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::net {

class Decompressor final {
 public:
  /// For the value of a Content-Encoding field; null for identity. Errors: protocol (a coding that
  /// was not asked for, or several).
  static Result<std::unique_ptr<Decompressor>> open(std::string_view content_encoding);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Appends what `bytes` contain to `out`, which may grow to `max_size`. Errors: too_large,
  /// protocol.
  Result<void> feed(std::string_view bytes, std::string& out, std::size_t max_size);
  /// At the end of the body. Errors: protocol (the data stops in the middle).
  Result<void> finish() const;

 private:
  enum class Coding { gzip, deflate };
  explicit Decompressor(Coding coding);
  Result<void> inflate_some(std::string& out, std::size_t max_size);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::net
