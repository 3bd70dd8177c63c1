#include "jsonrpc/json.hpp"

#include <charconv>
#include <cmath>

#include "jsonrpc/scanner.hpp"

namespace gatehouse::jsonrpc {
namespace {

// The walkers below trust that the text was proved: they look for the end, not for mistakes.

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view trim_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// `text` starts with '"'; the length of the literal with both quotes.
std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size()) {
    at = text.find_first_of("\"\\", at);
    if (at == std::string_view::npos) return text.size();
    if (text[at] == '"') return at + 1;
    at += 2;
  }
  return text.size();
}

std::size_t container_length(std::string_view text) {
  int depth = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '"':
        at += string_length(text.substr(at));
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) return at + 1;
        break;
      default:
        break;
    }
    ++at;
  }
  return text.size();
}

std::size_t value_length(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == '"') return string_length(text);
  if (text.front() == '{' || text.front() == '[') return container_length(text);
  std::size_t at = 0;
  while (at < text.size() && !is_space(text[at]) && text[at] != ',' && text[at] != ']' &&
         text[at] != '}') {
    ++at;
  }
  return at;
}

void skip_separators(std::string_view& text) {
  while (!text.empty() && (is_space(text.front()) || text.front() == ',')) text.remove_prefix(1);
}

/// Takes one value off the front of `rest`.
std::string_view take_value(std::string_view& rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  const std::size_t length = value_length(rest);
  const std::string_view value = rest.substr(0, length);
  rest.remove_prefix(length);
  return value;
}

std::string_view inside_of(std::string_view raw) {
  return raw.size() >= 2 ? raw.substr(1, raw.size() - 2) : std::string_view{};
}

bool literal_is(std::string_view inside, std::string_view text) {
  // Escapes are longer than what they stand for.
  if (inside.size() < text.size()) return false;
  const bool same = inside == text;
  if (!same && inside.size() == text.size()) return false;
  if (inside.find('\\') == std::string_view::npos) return same;
  return unescape(inside) == text;
}

}  // namespace

std::string_view to_string(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "boolean";
    case JsonKind::number:
      return "number";
    case JsonKind::string:
      return "string";
    case JsonKind::array:
      return "array";
    case JsonKind::object:
      return "object";
  }
  return "null";
}

Result<JsonView> JsonView::parse(std::string_view text, std::string_view what, int max_depth) {
  NullSink sink;
  Scanner<NullSink> scanner(text, max_depth, sink);
  if (scanner.run()) return JsonView(trim_space(text));
  return fail(scanner.fault() == Fault::depth ? Errc::too_large : Errc::parse,
              std::string(what) +
                  " cannot be read: " + std::string(jsonrpc::describe(scanner.fault())) +
                  " (at byte " + std::to_string(scanner.offset()) + ")");
}

JsonView JsonView::of_proved(std::string_view raw) {
  const std::string_view trimmed = trim_space(raw);
  return trimmed.empty() ? JsonView() : JsonView(trimmed);
}

JsonKind JsonView::kind() const {
  switch (raw_.front()) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return JsonKind::number;
  }
}

std::optional<JsonView> JsonView::find(std::string_view name) const {
  for (const JsonMember& member : members()) {
    if (member.is(name)) return member.value;
  }
  return std::nullopt;
}

std::optional<std::string> JsonView::as_string() const {
  if (!is_string()) return std::nullopt;
  return unescape(inside_of(raw_));
}

std::optional<std::int64_t> JsonView::as_int() const {
  if (kind() != JsonKind::number) return std::nullopt;
  std::int64_t value = 0;
  const char* end = raw_.data() + raw_.size();
  const auto [stopped, error] = std::from_chars(raw_.data(), end, value);
  if (error == std::errc{} && stopped == end) return value;
  if (raw_.find_first_of(".eE") == std::string_view::npos) return std::nullopt;
  const std::optional<double> real = as_double();
  // Beyond 2^53 a double no longer says which integer was meant.
  if (!real || std::abs(*real) > 9007199254740992.0 || std::trunc(*real) != *real)
    return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

std::optional<double> JsonView::as_double() const {
  if (kind() != JsonKind::number) return std::nullopt;
  double value = 0;
  const auto [stopped, error] = std::from_chars(raw_.data(), raw_.data() + raw_.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

std::optional<bool> JsonView::as_bool() const {
  if (kind() != JsonKind::boolean) return std::nullopt;
  return raw_.front() == 't';
}

bool JsonView::equals(std::string_view text) const {
  return is_string() && literal_is(inside_of(raw_), text);
}

std::optional<std::string> JsonView::string(std::string_view name) const {
  const auto member = find(name);
  return member ? member->as_string() : std::nullopt;
}

std::optional<std::int64_t> JsonView::integer(std::string_view name) const {
  const auto member = find(name);
  return member ? member->as_int() : std::nullopt;
}

std::optional<bool> JsonView::boolean(std::string_view name) const {
  const auto member = find(name);
  return member ? member->as_bool() : std::nullopt;
}

JsonMembers JsonView::members() const {
  return JsonMembers(is_object() ? inside_of(raw_) : std::string_view{});
}

JsonElements JsonView::elements() const {
  return JsonElements(is_array() ? inside_of(raw_) : std::string_view{});
}

std::size_t JsonView::size() const {
  std::size_t count = 0;
  for ([[maybe_unused]] const JsonMember& member : members()) ++count;
  for ([[maybe_unused]] const JsonView& element : elements()) ++count;
  return count;
}

bool JsonMember::is(std::string_view name) const {
  return literal_is(raw_key, name);
}

void JsonMembers::Iterator::advance() {
  skip_separators(rest_);
  done_ = rest_.empty() || rest_.front() != '"';
  if (done_) return;
  member_.raw_key = inside_of(take_value(rest_));
  while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == ':')) {
    rest_.remove_prefix(1);
  }
  member_.value = JsonView::of_proved(take_value(rest_));
}

void JsonElements::Iterator::advance() {
  skip_separators(rest_);
  done_ = rest_.empty();
  if (!done_) value_ = JsonView::of_proved(take_value(rest_));
}

}  // namespace gatehouse::jsonrpc
