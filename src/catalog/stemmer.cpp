#include "catalog/stemmer.hpp"

#include <libstemmer.h>

#include <algorithm>
#include <new>

namespace gatehouse::catalog {

Stemmer::Stemmer() : stemmer_{sb_stemmer_new("english", nullptr)} {
  if (stemmer_ == nullptr) throw std::bad_alloc{};  // the only way it fails: "english" is built in
}

Stemmer::~Stemmer() {
  sb_stemmer_delete(stemmer_);
}

void Stemmer::stem(std::string& word) {
  if (word.size() < 3) return;
  if (!std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; })) return;
  const auto* bytes = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* stem = sb_stemmer_stem(stemmer_, bytes, static_cast<int>(word.size()));
  if (stem == nullptr) return;  // out of memory: the word itself is still a usable term
  const auto length = static_cast<std::size_t>(sb_stemmer_length(stemmer_));
  word.assign(reinterpret_cast<const char*>(stem), length);
}

}  // namespace gatehouse::catalog
