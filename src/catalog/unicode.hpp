// Just enough Unicode for searching: strict UTF-8 decoding, what kind of character a code point is,
// and folding of case and Latin diacritics. Called by text_analysis; total on any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::catalog {

enum class CharKind : std::uint8_t {
  separator,   // spaces, punctuation, symbols, emoji, malformed bytes
  upper,       // ASCII capitals: they start a word inside an identifier
  letter,      // every other letter of a script that puts spaces between words
  digit,       // 0-9, also full width
  unspaced,    // Han, Kana, Hangul, Thai, Lao, Khmer, Myanmar: searched by pairs of characters
  connector,   // _ - . inside an identifier
  apostrophe,  // ' and U+2019
  mark,        // a combining mark or variation selector: ignored
};

// The code point at `position`, which advances past it. A malformed byte (overlong forms,
// surrogates and values above U+10FFFF included) is U+FFFD and advances by one.
char32_t next_code_point(std::string_view text, std::size_t& position);

CharKind kind_of(char32_t code_point);

// Appends the lower-case form without Latin diacritics as UTF-8: "É" as "e", "Æ" as "ae", "Д" as
// "д".
void append_folded(char32_t code_point, std::string& out);

}  // namespace gatehouse::catalog
