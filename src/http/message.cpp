#include "http/message.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <bit>

#include "base/encoding.hpp"

namespace gatehouse::http {

namespace {

constexpr std::size_t kTypicalFields = 16;
constexpr std::size_t kTypicalBytes = 496;

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

/// Equal for names that are equal but for case: the size, and three letters in lower case.
std::uint32_t tag_of(std::string_view name) {
  if (name.empty()) return 0;
  const auto letter = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at]) | 0x20);
  };
  return (static_cast<std::uint32_t>(name.size()) << 24) | (letter(0) << 16) |
         (letter(name.size() / 2) << 8) | letter(name.size() - 1);
}

}  // namespace

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

void Headers::add(std::string_view name, std::string_view value) {
  if (entries_.empty()) reserve(kTypicalBytes, kTypicalFields);
  const auto at = static_cast<std::uint32_t>(text_.size());
  const auto size = static_cast<std::uint32_t>(name.size());
  text_.append(name).append(value);
  entries_.push_back({at, size, at + size, static_cast<std::uint32_t>(value.size()), tag_of(name)});
}

void Headers::adopt(std::string_view text) {
  entries_.clear();
  entries_.reserve(kTypicalFields);
  text_.assign(text);
}

void Headers::add_adopted(std::size_t name_at, std::size_t name_size, std::size_t value_at,
                          std::size_t value_size) {
  entries_.push_back({static_cast<std::uint32_t>(name_at), static_cast<std::uint32_t>(name_size),
                      static_cast<std::uint32_t>(value_at), static_cast<std::uint32_t>(value_size),
                      tag_of({text_.data() + name_at, name_size})});
}

void Headers::set(std::string_view name, std::string_view value) {
  // The arguments may point into text_, which remove() leaves alone and add() may move.
  const std::string name_copy(name);
  const std::string value_copy(value);
  remove(name_copy);
  add(name_copy, value_copy);
}

void Headers::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) {
    return ascii_iequal(std::string_view(text_).substr(entry.name_at, entry.name_size), name);
  });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const Entry* entry = find_entry(name, tag_of(name), 0);
  if (entry == nullptr) return std::nullopt;
  return std::string_view(text_.data() + entry->value_at, entry->value_size);
}

const Headers::Entry* Headers::find_entry(std::string_view name, std::uint32_t tag,
                                          std::size_t from) const {
  const char* text = text_.data();
  const Entry* const end = entries_.data() + entries_.size();
  for (const Entry* entry = entries_.data() + from; entry != end; ++entry) {
    if (entry->tag == tag && ascii_iequal({text + entry->name_at, entry->name_size}, name))
      return entry;
  }
  return nullptr;
}

std::vector<std::string_view> Headers::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = at(i);
    if (ascii_iequal(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::size_t Headers::count(std::string_view name) const {
  const std::uint32_t tag = tag_of(name);
  std::size_t count = 0;
  for (const Entry* entry = find_entry(name, tag, 0); entry != nullptr;
       entry = find_entry(name, tag, static_cast<std::size_t>(entry - entries_.data()) + 1))
    ++count;
  return count;
}

Headers::Field Headers::at(std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {text.substr(entry.name_at, entry.name_size),
          text.substr(entry.value_at, entry.value_size)};
}

void Headers::clear() {
  text_.clear();
  entries_.clear();
}

const char* skip_token(const char* at, const char* end) {
  while (at != end && kToken[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

const char* skip_value(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), control),
                                     _mm_cmpeq_epi8(bytes, del));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(bad));
    if (found != 0) return at + std::countr_zero(found);
  }
#endif
  while (at != end) {
    const auto c = static_cast<unsigned char>(*at);
    if ((c < 0x20 && c != '\t') || c == 0x7f) break;
    ++at;
  }
  return at;
}

bool is_token(std::string_view text) {
  const char* const end = text.data() + text.size();
  return !text.empty() && skip_token(text.data(), end) == end;
}

bool is_field_value(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (text.empty()) return true;
  const char* const end = text.data() + text.size();
  return !is_space(text.front()) && !is_space(text.back()) && skip_value(text.data(), end) == end;
}

std::string media_type(std::string_view content_type) {
  return ascii_lower(trim_ows(content_type.substr(0, content_type.find(';'))));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return {};
  }
}

}  // namespace gatehouse::http
