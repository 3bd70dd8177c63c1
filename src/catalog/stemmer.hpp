// The English Snowball stemmer of libstemmer.
//
// Not to be shared between threads, and not free to make: one per analyzer.
#pragma once

#include <string>

struct sb_stemmer;

namespace gatehouse::catalog {

class Stemmer final {
 public:
  Stemmer();
  ~Stemmer();
  Stemmer(const Stemmer&) = delete;
  Stemmer& operator=(const Stemmer&) = delete;

  // Replaces a word of three or more ASCII lower-case letters by its stem; leaves others alone.
  void stem(std::string& word);

 private:
  sb_stemmer* stemmer_;
};

}  // namespace gatehouse::catalog
