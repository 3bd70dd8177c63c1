// Turns text and identifiers into the terms that are indexed and searched.
//
//   "List pull_requests via HTTPServer2"  ->  list pull request (pullrequest) http server2 (server)
//   …
//
// Words are folded (case, Latin diacritics) and stemmed; identifiers are split at _ - . and at
// changes of case, and also kept in one piece; scripts without spaces become pairs of characters.
// Called by ConnectionCatalog and Index, always with the same analyzer for texts and queries. Any
// bytes are accepted; work and output are bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/stemmer.hpp"

namespace gatehouse::catalog {

struct Token {
  enum class Kind {
    word,     // a word of the text, or a part of an identifier
    variant,  // another way to find a word that is also there: the joined form, "http" of "http2"
  };
  std::string term;
  Kind kind = Kind::word;
  bool stop_word = false;

  bool operator==(const Token&) const = default;
};

struct AnalysisLimits {
  std::size_t max_text_bytes = 16 * 1024;  // what follows is not looked at
  std::size_t max_tokens = 2048;
  std::size_t max_word_characters = 64;  // a longer word or identifier continues as a new one
};

class TextAnalyzer final {
 public:
  std::vector<Token> analyze(std::string_view text, const AnalysisLimits& limits = {});

 private:
  Stemmer stemmer_;
};

}  // namespace gatehouse::catalog
