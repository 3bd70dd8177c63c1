#include "catalog/text_analysis.hpp"

#include <algorithm>
#include <span>

#include "catalog/stop_words.hpp"
#include "catalog/unicode.hpp"

namespace gatehouse::catalog {
namespace {

struct Character {
  char32_t code_point;
  CharKind kind;
};
using Characters = std::span<const Character>;

bool is_letter(CharKind kind) {
  return kind == CharKind::letter || kind == CharKind::upper;
}

// Whether a part of an identifier ends before position i (which is inside the word).
//   getUser: r|U   HTTPServer: P|Se   2fa: 2|f   server2: no   URLs: no, a plural
bool starts_part(Characters word, std::size_t i) {
  const CharKind before = word[i - 1].kind;
  const CharKind here = word[i].kind;
  if (before == CharKind::digit) return is_letter(here);
  if (here != CharKind::upper) return false;
  if (before == CharKind::letter) return true;
  const bool lower_follows = i + 1 < word.size() && word[i + 1].kind == CharKind::letter;
  const bool plural = lower_follows && word[i + 1].code_point == 's' &&
                      (i + 2 == word.size() || word[i + 2].kind == CharKind::digit);
  return lower_follows && !plural;
}

std::string folded(Characters characters) {
  std::string text;
  for (const Character& c : characters) append_folded(c.code_point, text);
  return text;
}

// One analysis: cuts the text into words and emits their tokens.
class Analysis {
 public:
  Analysis(Stemmer& stemmer, const AnalysisLimits& limits) : stemmer_{stemmer}, limits_{limits} {}

  std::vector<Token> run(std::string_view text) {
    text = text.substr(0, limits_.max_text_bytes);
    for (std::size_t position = 0; position < text.size() && !full();) {
      const char32_t code_point = next_code_point(text, position);
      add({code_point, kind_of(code_point)});
    }
    end_run();
    if (tokens_.size() > limits_.max_tokens) tokens_.resize(limits_.max_tokens);
    return std::move(tokens_);
  }

 private:
  bool full() const { return tokens_.size() >= limits_.max_tokens; }

  void add(Character c) {
    if (c.kind == CharKind::mark) return;
    const bool unspaced = c.kind == CharKind::unspaced;
    if (c.kind == CharKind::separator || unspaced != unspaced_run_ ||
        run_.size() >= limits_.max_word_characters) {
      end_run();
    }
    if (c.kind == CharKind::separator) return;
    const bool joins = c.kind == CharKind::connector || c.kind == CharKind::apostrophe;
    if (joins && (run_.empty() || run_.back().kind == CharKind::connector)) return;
    unspaced_run_ = unspaced;
    run_.push_back(c);
  }

  void end_run() {
    if (unspaced_run_) {
      emit_pairs();
    } else {
      emit_identifier();
    }
    run_.clear();
    unspaced_run_ = false;
  }

  void emit_pairs() {
    if (run_.size() == 1) emit(folded(run_), Token::Kind::word);
    for (std::size_t i = 0; i + 1 < run_.size(); ++i) {
      emit(folded(Characters{run_}.subspan(i, 2)), Token::Kind::word);
    }
  }

  // Words separated by connectors, and all of them in one piece ("pull_request" -> pullrequest).
  void emit_identifier() {
    const std::size_t before = tokens_.size();
    std::size_t words = 0;
    std::string joined;
    for (std::size_t start = 0; start < run_.size();) {
      std::size_t end = start;
      while (end < run_.size() && run_[end].kind != CharKind::connector &&
             run_[end].kind != CharKind::apostrophe) {
        ++end;
      }
      if (end > start) ++words;
      joined += emit_camel(Characters{run_}.subspan(start, end - start));
      start = skip_contraction(end);
    }
    if (words > 1) emit_joined(std::move(joined), before);
  }

  // After an apostrophe, one or two letters are a contraction or a possessive: user's, don't,
  // we'll.
  std::size_t skip_contraction(std::size_t end) const {
    if (end >= run_.size()) return run_.size();
    if (run_[end].kind != CharKind::apostrophe) return end + 1;
    std::size_t next = end + 1;
    while (next < run_.size() && is_letter(run_[next].kind)) ++next;
    return next - end - 1 <= 2 ? next : end + 1;
  }

  // The parts of one word in mixed case, and the word in one piece. Returns the word, folded.
  std::string emit_camel(Characters word) {
    const std::size_t before = tokens_.size();
    std::size_t parts = 0;
    for (std::size_t start = 0; start < word.size(); ++parts) {
      std::size_t end = start + 1;
      while (end < word.size() && !starts_part(word, end)) ++end;
      emit_part(word.subspan(start, end - start));
      start = end;
    }
    std::string joined = folded(word);
    if (parts > 1) emit_joined(joined, before);
    return joined;
  }

  // A single letter beside others ("e" of e-mail, "s" of 3s) says nothing by itself.
  void emit_part(Characters part) {
    if (part.size() == 1 && is_letter(part[0].kind) && run_.size() > 1) return;
    emit(folded(part), Token::Kind::word);
    const auto digit = std::ranges::find(part, CharKind::digit, &Character::kind);
    const auto letters = static_cast<std::size_t>(digit - part.begin());
    if (digit != part.end() && letters >= 2)
      emit(folded(part.first(letters)), Token::Kind::variant);
  }

  void emit_joined(std::string joined, std::size_t since) {
    const auto same = [&](const Token& token) { return token.term == joined; };
    if (std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(since), tokens_.end(), same))
      return;
    emit(std::move(joined), Token::Kind::variant);
  }

  void emit(std::string term, Token::Kind kind) {
    if (term.empty()) return;
    const bool stop_word = is_stop_word(term);
    if (!stop_word) stemmer_.stem(term);
    tokens_.push_back({std::move(term), kind, stop_word});
  }

  Stemmer& stemmer_;
  const AnalysisLimits& limits_;
  std::vector<Character> run_;
  bool unspaced_run_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> TextAnalyzer::analyze(std::string_view text, const AnalysisLimits& limits) {
  return Analysis{stemmer_, limits}.run(text);
}

}  // namespace gatehouse::catalog
