#include "oauth/challenge.hpp"

#include "base/encoding.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::size_t kMostChallenges = 32;
constexpr std::size_t kMostParameters = 64;

bool is_tchar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token68(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return std::string_view("-._~+/").find(c) != std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  bool next_is(char c) const { return !at_end() && text_[at_] == c; }
  void skip() { ++at_; }
  void skip_white() {
    while (next_is(' ') || next_is('\t')) ++at_;
  }
  void skip_separators() {
    while (next_is(' ') || next_is('\t') || next_is(',')) ++at_;
  }
  std::string_view token() {
    const std::size_t start = at_;
    while (!at_end() && is_tchar(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  /// Reads BWS "=" BWS, or nothing at all.
  bool equals_sign() {
    const std::size_t start = at_;
    skip_white();
    if (!next_is('=')) {
      at_ = start;
      return false;
    }
    ++at_;
    skip_white();
    return true;
  }
  /// A token68 ends the challenge, so it must be followed by a comma or the end (RFC 9110 §11.2).
  std::string_view token68() {
    const std::size_t start = at_;
    while (!at_end() && is_token68(text_[at_])) ++at_;
    if (at_ > start) {
      while (next_is('=')) ++at_;
      const std::size_t end = at_;
      skip_white();
      if (at_end() || next_is(',')) return text_.substr(start, end - start);
    }
    at_ = start;
    return {};
  }
  std::string value() { return next_is('"') ? quoted() : bare(); }

 private:
  std::string quoted() {
    std::string out;
    for (++at_; !at_end() && !next_is('"'); ++at_) {
      if (next_is('\\') && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    if (!at_end()) ++at_;
    return out;
  }
  // Wider than a token: servers send URLs without quotes.
  std::string bare() {
    const std::size_t start = at_;
    while (!at_end() && !next_is(',') && !next_is(' ') && !next_is('\t')) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void read_value(std::string_view value, std::vector<Challenge>& challenges) {
  Reader reader(value);
  Challenge* current = nullptr;  // a parameter before any scheme belongs to nobody
  while (true) {
    reader.skip_separators();
    if (reader.at_end()) return;
    const std::string_view word = reader.token();
    if (word.empty()) {
      if (reader.next_is('"')) {
        (void)reader.value();
      } else {
        reader.skip();
      }
      continue;
    }
    if (reader.equals_sign()) {
      std::string text = reader.value();
      if (current != nullptr && current->parameters.size() < kMostParameters)
        current->parameters.emplace_back(ascii_lower(word), std::move(text));
      continue;
    }
    if (challenges.size() >= kMostChallenges) return;
    challenges.push_back(Challenge{.scheme = ascii_lower(word)});
    current = &challenges.back();
    reader.skip_white();
    current->token68 = std::string(reader.token68());
  }
}

template <class Text>
std::vector<Challenge> read_values(std::span<const Text> values) {
  std::vector<Challenge> challenges;
  for (const Text& value : values) read_value(value, challenges);
  return challenges;
}

}  // namespace

std::optional<std::string_view> Challenge::find(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<Challenge> parse_challenges(std::string_view value) {
  return read_values(std::span<const std::string_view>(&value, 1));
}

std::vector<Challenge> parse_challenges(std::span<const std::string> values) {
  return read_values(values);
}

std::vector<Challenge> parse_challenges(std::span<const std::string_view> values) {
  return read_values(values);
}

std::optional<BearerChallenge> find_bearer(std::span<const Challenge> challenges) {
  std::optional<BearerChallenge> found;
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme != "bearer" && challenge.scheme != "dpop") continue;
    if (!found) found.emplace();
    const auto take = [&](std::string& into, std::string_view name) {
      if (const auto value = challenge.find(name); value && into.empty()) into = *value;
    };
    take(found->resource_metadata, "resource_metadata");
    take(found->scope, "scope");
    take(found->error, "error");
    take(found->error_description, "error_description");
  }
  return found;
}

}  // namespace gatehouse::oauth
