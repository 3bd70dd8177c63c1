// QR codes (ISO/IEC 18004) for terminals, drawn by libqrencode. Pure. Used by the sign-in, so that
// a phone can open a link that stands on a machine without a browser.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "terminal/line.hpp"
#include "terminal/look.hpp"

namespace gatehouse::terminal {

class QrCode final {
 public:
  /// Nothing when the text is empty or longer than a code can hold (2,953 bytes). The lowest error
  /// correction: a screen is not scratched, and a smaller code is read more easily.
  static std::optional<QrCode> make(std::string_view text);

  std::size_t size() const { return size_; }  ///< modules per side, without the quiet zone
  bool dark(std::size_t x, std::size_t y) const { return dark_[y * size_ + x]; }

  /// With the quiet zone of four modules. Unicode: two modules in a character, one above the other;
  /// ASCII: two characters a module. With colours it is black on white on every theme; without,
  /// what is light in the code is drawn, as on a dark screen, and readers take the inverse as well.
  std::vector<Line> to_lines(const Look& look) const;
  Size drawn_size(const Look& look) const;

 private:
  std::size_t size_ = 0;
  std::vector<bool> dark_;
};

}  // namespace gatehouse::terminal
