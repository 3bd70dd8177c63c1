// Scanner: one strict pass over bytes that proves RFC 8259 JSON: well-formed UTF-8, bounded depth,
// nothing but white space after the value, no member name twice in any object (compared after
// unescaping). A sink sees the parts as they pass. Internal to jsonrpc/ and mcp/'s schema
// validator. It is written by hand because simdjson 3.0.1 on demand does not prove what it skips;
// tests/fuzz/jsonrpc_fuzz.cpp holds it against simdjson's DOM.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <boost/container/small_vector.hpp>
#include <cstring>
#include <forward_list>
#include <string>
#include <string_view>

#include "jsonrpc/json.hpp"

namespace gatehouse::jsonrpc {

enum class Fault { none, syntax, utf8, control, escape, number, depth, duplicate, trailing, empty };

/// What was wrong, for people: "a number is malformed".
std::string_view describe(Fault fault);

namespace detail {

/// What may follow a '\\' by itself.
inline constexpr auto kSimpleEscape = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("\"\\/bfnrt")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

/// Length of the well-formed UTF-8 sequence that starts at `at` with a byte ≥ 0x80; 0 when it is
/// ill-formed.
std::size_t utf8_sequence(const char* at, const char* end);

#ifdef __SSE2__
/// 0xFF for each of the 16 bytes that is '"', '\\', below 0x20 or above 0x7F.
inline __m128i specials(const char* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i outside = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));  // signed: above 0x7F too
  return _mm_or_si128(_mm_or_si128(quote, slash), outside);
}

inline unsigned specials_of_16(const char* from) {
  return static_cast<unsigned>(_mm_movemask_epi8(specials(from)));
}

inline std::uint64_t specials_of_64(const char* from) {
  return static_cast<std::uint64_t>(specials_of_16(from)) |
         static_cast<std::uint64_t>(specials_of_16(from + 16)) << 16 |
         static_cast<std::uint64_t>(specials_of_16(from + 32)) << 32 |
         static_cast<std::uint64_t>(specials_of_16(from + 48)) << 48;
}
#endif

/// True when no byte of `text` is '"', '\\', below 0x20 or above 0x7F. For short texts.
inline bool is_plain(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
#ifdef __SSE2__
  if (text.size() >= 16) {
    for (; end - at > 16; at += 16) {
      if (specials_of_16(at) != 0) return false;
    }
    return specials_of_16(end - 16) == 0;
  }
  char padded[16] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
                     ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
  if (text.size() >= 8) {
    std::memcpy(padded, at, 8);
    std::memcpy(padded + 8, end - 8, 8);
  } else if (text.size() >= 4) {
    std::memcpy(padded, at, 4);
    std::memcpy(padded + 4, end - 4, 4);
  } else {
    std::copy(at, end, padded);
  }
  return specials_of_16(padded) == 0;
#else
  return std::all_of(at, end,
                     [](char c) { return c >= 0x20 && c <= 0x7F && c != '"' && c != '\\'; });
#endif
}

/// The first byte of [at, end) that is '"', '\\', below 0x20 or above 0x7F; `end` when none.
inline const char* find_special(const char* at, const char* end) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
#ifdef __SSE2__
  while (end - at >= 16) {
    const unsigned found = specials_of_16(at);
    if (found != 0) return at + std::countr_zero(found);
    at += 16;
  }
#endif
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    const std::uint64_t quote = word ^ (kOnes * '"');
    const std::uint64_t slash = word ^ (kOnes * '\\');
    const std::uint64_t found = (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) |
                                 ((slash - kOnes) & ~slash) | word) &
                                kHigh;
    if (found != 0) return at + std::countr_zero(found) / 8;
    at += 8;
  }
  while (at < end) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte > 0x7F || byte == '"' || byte == '\\') break;
    ++at;
  }
  return at;
}

}  // namespace detail

/// Sinks derive from this and hide what they want. `depth` is the number of containers around the
/// value or key; texts point into the scanned bytes.
struct NullSink {
  /// `raw` is the inside of the literal; `decoded` lives until the next call.
  void key(int /*depth*/, std::string_view /*raw*/, std::string_view /*decoded*/) {}
  void open(int /*depth*/, JsonKind /*kind*/, const char* /*at*/) {}
  void close(int /*depth*/, JsonKind /*kind*/, std::string_view /*raw*/) {}
  void scalar(int /*depth*/, JsonKind /*kind*/, std::string_view /*raw*/) {}
};

template <class Sink>
class Scanner final {
 public:
  Scanner(std::string_view text, int max_depth, Sink& sink)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        max_depth_(max_depth),
        sink_(sink) {}

  /// True when the whole text is one proved value.
  bool run() {
    skip_space();
    if (at_ == end_) return stop(Fault::empty);
    if (!value(0)) return false;
    skip_space();
    return at_ == end_ || stop(Fault::trailing);
  }

  Fault fault() const { return fault_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  using Keys = boost::container::small_vector<std::string_view, 48>;
  /// Up to so many members each new name is compared with all before it; larger objects are sorted
  /// at their end, so that hostile ones stay n log n.
  static constexpr std::size_t kCompareAll = 16;

  bool stop(Fault fault) {
    if (fault_ == Fault::none) fault_ = fault;
    return false;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool value(int depth) {
    if (at_ == end_) return stop(Fault::syntax);
    const char* from = at_;
    switch (*at_) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"': {
        std::string_view inside;
        bool escaped = false;
        if (!string(inside, escaped)) return false;
        sink_.scalar(depth, JsonKind::string, slice(from));
        return true;
      }
      case 't':
        return word("true", JsonKind::boolean, depth);
      case 'f':
        return word("false", JsonKind::boolean, depth);
      case 'n':
        return word("null", JsonKind::null, depth);
      default:
        if (!number()) return false;
        sink_.scalar(depth, JsonKind::number, slice(from));
        return true;
    }
  }

  bool object(int depth) {
    if (depth >= max_depth_) return stop(Fault::depth);
    const char* from = at_++;
    sink_.open(depth, JsonKind::object, from);
    const std::size_t first_key = keys_.size();
    skip_space();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
    } else if (!members(depth, first_key)) {
      return false;
    }
    if (keys_.size() - first_key > kCompareAll && !sorted_unique(first_key)) return false;
    keys_.resize(first_key);
    sink_.close(depth, JsonKind::object, slice(from));
    return true;
  }

  bool members(int depth, std::size_t first_key) {
    while (true) {
      if (at_ == end_ || *at_ != '"') return stop(Fault::syntax);
      if (!member_name(depth, first_key)) return false;
      skip_space();
      if (at_ == end_ || *at_ != ':') return stop(Fault::syntax);
      ++at_;
      skip_space();
      if (!value(depth + 1)) return false;
      skip_space();
      if (at_ == end_) return stop(Fault::syntax);
      const char next = *at_++;
      if (next == '}') return true;
      if (next != ',') return --at_, stop(Fault::syntax);
      skip_space();
    }
  }

  bool member_name(int depth, std::size_t first_key) {
    std::string_view raw;
    bool escaped = false;
    if (!string(raw, escaped)) return false;
    const std::string_view name =
        escaped ? std::string_view(decoded_.emplace_front(unescape(raw))) : raw;
    const std::size_t count = keys_.size() - first_key;
    if (count < kCompareAll) {
      for (std::size_t i = first_key; i < keys_.size(); ++i) {
        if (keys_[i] == name) return stop(Fault::duplicate);
      }
    }
    keys_.push_back(name);
    sink_.key(depth, raw, name);
    return true;
  }

  bool sorted_unique(std::size_t first_key) {
    const auto from = keys_.begin() + static_cast<std::ptrdiff_t>(first_key);
    std::sort(from, keys_.end());
    return std::adjacent_find(from, keys_.end()) == keys_.end() || stop(Fault::duplicate);
  }

  bool array(int depth) {
    if (depth >= max_depth_) return stop(Fault::depth);
    const char* from = at_++;
    sink_.open(depth, JsonKind::array, from);
    skip_space();
    if (at_ != end_ && *at_ == ']') {
      ++at_;
    } else {
      while (true) {
        if (!value(depth + 1)) return false;
        skip_space();
        if (at_ == end_) return stop(Fault::syntax);
        const char next = *at_++;
        if (next == ']') break;
        if (next != ',') return --at_, stop(Fault::syntax);
        skip_space();
      }
    }
    sink_.close(depth, JsonKind::array, slice(from));
    return true;
  }

  bool string(std::string_view& inside, bool& escaped) {
#ifdef __SSE2__
    // Most strings are names and words: short, and with nothing special but their end.
    const char* const start = at_ + 1;
    if (end_ - start >= 16) {
      const unsigned found = detail::specials_of_16(start);
      const char* const stop_at = start + std::countr_zero(found | 0x10000U);
      if (found != 0 && *stop_at == '"') {
        inside = {start, static_cast<std::size_t>(stop_at - start)};
        at_ = stop_at + 1;
        return true;
      }
    }
#endif
    return long_string(inside, escaped);
  }

  bool long_string(std::string_view& inside, bool& escaped) {
    const char* from = ++at_;
#ifdef __SSE2__
    // What is special in 64 bytes is found at once, however often texts are escaped.
    while (end_ - at_ >= 64) {
      const char* const block = at_;
      std::uint64_t found = detail::specials_of_64(block);
      at_ = block + 64;
      while (found != 0) {
        at_ = block + std::countr_zero(found);
        if (*at_ == '"') return ends_at(from, inside);
        if (!special(escaped)) return false;
        const auto passed = static_cast<std::uint64_t>(at_ - block);
        if (passed >= 64) break;
        found = found >> passed << passed;
        if (found == 0) at_ = block + 64;
      }
    }
#endif
    while (true) {
      at_ = detail::find_special(at_, end_);
      if (at_ == end_) return stop(Fault::syntax);
      if (*at_ == '"') return ends_at(from, inside);
      if (!special(escaped)) return false;
    }
  }

  bool ends_at(const char* from, std::string_view& inside) {
    inside = slice(from);
    ++at_;
    return true;
  }

  /// What find_special() stops at, but for the end of the string; goes on behind it.
  bool special(bool& escaped) {
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '\\') {
      escaped = true;
      return escape();
    }
    if (byte < 0x20) return stop(Fault::control);
    const std::size_t length = detail::utf8_sequence(at_, end_);
    if (length == 0) return stop(Fault::utf8);
    at_ += length;
    return true;
  }

  bool escape() {
    ++at_;
    if (at_ == end_) return stop(Fault::escape);
    if (detail::kSimpleEscape[static_cast<unsigned char>(*at_)]) [[likely]] {
      ++at_;
      return true;
    }
    if (*at_++ != 'u') return stop(Fault::escape);
    if (end_ - at_ < 4) return stop(Fault::escape);
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = *at_;
      const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!hex) return stop(Fault::escape);
    }
    return true;
  }

  bool digits() {
    const char* from = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != from || stop(Fault::number);
  }

  bool number() {
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    if (at_ == end_ || *at_ < '0' || *at_ > '9') {
      return stop(negative ? Fault::number : Fault::syntax);
    }
    if (*at_ == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  bool word(std::string_view text, JsonKind kind, int depth) {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (!rest.starts_with(text)) return stop(Fault::syntax);
    const char* from = at_;
    at_ += text.size();
    sink_.scalar(depth, kind, slice(from));
    return true;
  }

  std::string_view slice(const char* from) const {
    return {from, static_cast<std::size_t>(at_ - from)};
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  int max_depth_;
  Sink& sink_;
  Fault fault_ = Fault::none;
  Keys keys_;                               // names of the open objects, innermost last
  std::forward_list<std::string> decoded_;  // names that had escapes; addresses stay
};

}  // namespace gatehouse::jsonrpc
