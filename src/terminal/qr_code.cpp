#include "terminal/qr_code.hpp"

#include <qrencode.h>

#include <memory>
#include <string>

namespace gatehouse::terminal {
namespace {

constexpr std::size_t kQuiet = 4;  // modules on each side, ISO/IEC 18004 §6.3.8

// The drawn field: the code inside its quiet zone, which is light.
struct Field {
  const QrCode& code;
  std::size_t side() const { return code.size() + 2 * kQuiet; }
  bool light(std::size_t x, std::size_t y) const {
    const bool inside =
        x >= kQuiet && y >= kQuiet && x < kQuiet + code.size() && y < kQuiet + code.size();
    return !inside || !code.dark(x - kQuiet, y - kQuiet);
  }
};

// With colours ink is dark, on a light panel; without, ink is the terminal's own, taken as light.
std::string_view half_blocks(bool upper, bool lower) {
  if (upper && lower) return "█";
  return upper ? "▀" : lower ? "▄" : " ";
}

}  // namespace

std::optional<QrCode> QrCode::make(std::string_view text) {
  constexpr std::size_t kLongest = 2953;  // version 40 with the lowest error correction
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  const std::unique_ptr<QRcode, void (*)(QRcode*)> made(
      QRcode_encodeData(static_cast<int>(text.size()),
                        reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L),
      QRcode_free);
  if (!made) return std::nullopt;
  QrCode code;
  code.size_ = static_cast<std::size_t>(made->width);
  code.dark_.resize(code.size_ * code.size_);
  for (std::size_t i = 0; i < code.dark_.size(); ++i) code.dark_[i] = (made->data[i] & 1U) != 0;
  return code;
}

std::vector<Line> QrCode::to_lines(const Look& look) const {
  const Field field{*this};
  std::vector<Line> lines;
  for (std::size_t y = 0; y < field.side(); y += look.unicode ? 2 : 1) {
    Line line;
    for (std::size_t x = 0; x < field.side(); ++x) {
      // Below the last row of an odd number there is more quiet zone.
      const bool upper = field.light(x, y) != look.colour;
      const bool lower = (y + 1 >= field.side() || field.light(x, y + 1)) != look.colour;
      Piece cell;
      if (look.unicode) {
        cell = {std::string(half_blocks(upper, lower)), look.colour ? Style::panel : Style::plain};
      } else if (look.colour) {
        cell = {"  ", upper ? Style::ink : Style::panel};
      } else {
        cell = {upper ? "##" : "  ", Style::plain};
      }
      if (line.pieces.empty() || line.pieces.back().style != cell.style) {
        line.pieces.push_back(std::move(cell));
      } else {
        line.pieces.back().text += cell.text;
      }
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Size QrCode::drawn_size(const Look& look) const {
  const std::size_t side = size_ + 2 * kQuiet;
  return look.unicode ? Size{side, (side + 1) / 2} : Size{2 * side, side};
}

}  // namespace gatehouse::terminal
