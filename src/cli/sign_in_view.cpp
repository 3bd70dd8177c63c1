#include "cli/sign_in_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "terminal/live_area.hpp"
#include "terminal/qr_code.hpp"
#include "terminal/text.hpp"

namespace gatehouse::cli {
namespace {

using terminal::Line;
using terminal::Look;
using terminal::Size;
using terminal::Style;
using Lines = std::vector<Line>;

constexpr std::size_t kIndent = 2;
constexpr std::size_t kLongestLink = 8 * 1024;  // bytes; an authorization URL has some hundred

std::string_view dot(const Look& look) {
  return look.unicode ? " · " : " - ";
}

void add_text(Lines& lines, std::string_view text, Style style, const Size& window) {
  const std::size_t columns = window.columns > kIndent + 1 ? window.columns - kIndent - 1 : 1;
  for (std::string& part : terminal::wrap(text, columns))
    lines.push_back(Line(std::string(kIndent, ' ')).add(std::move(part), style));
}

// On a line of its own from the first column, so that it is copied whole however it wraps.
Line link_line(const std::string& link) {
  Line line;
  line.pieces.push_back({terminal::printable_bounded(link, kLongestLink), Style::plain, link});
  return line;
}

std::string ask_to_open(const SignInModel& model) {
  if (model.way == SignInModel::Way::device) return "Open this address on any device:";
  if (model.browser == SignInModel::Browser::opened)
    return "Your browser opens. If it does not, open this link:";
  return "Open this link in a browser, on any machine:";
}

// The keys there are, as one text; wrapped later.
std::string keys_text(const SignInModel& model, const Look& look) {
  std::string text;
  const auto add = [&](std::string_view words) {
    if (!text.empty()) text += dot(look);
    text += words;
  };
  if (model.browser_here)
    add(model.browser == SignInModel::Browser::none ? "Enter opens a browser here"
                                                    : "Enter opens the browser again");
  if (!model.qr_text.empty())
    add(model.qr == SignInModel::Qr::shown ? "q hides the QR code" : "q shows a QR code");
  add("Esc cancels");
  return text;
}

Line status_line(const SignInModel& model, const Look& look) {
  Line line(std::string(kIndent, ' '));
  line.pieces.push_back(terminal::busy_sign(look, model.beat));
  if (model.answered) return line.add(" The answer is here; fetching the tokens");
  line.add(" Waiting for you");
  return line.add(fmt::format("{}{} left", dot(look), clock_text(model.left)), Style::faint);
}

// The end of what is typed is what matters: a pasted address is longer than any window.
Line prompt_line(const SignInModel& model, const Look& look, const Size& window) {
  const std::string question = "Or paste the address the browser ends on: ";
  Line line(std::string(kIndent, ' ') + question);
  std::string typed = terminal::printable(model.typed);
  const std::size_t used = line.width() + 1;
  const std::size_t room = window.columns > used + 4 ? window.columns - used : 4;
  if (terminal::display_width(typed) <= room) return line.add(std::move(typed));
  while (!typed.empty() && terminal::display_width(typed) + 1 > room) {
    typed.erase(0, 1);
    while (!typed.empty() && (static_cast<unsigned char>(typed.front()) & 0xC0U) == 0x80)
      typed.erase(0, 1);
  }
  return line.add((look.unicode ? "…" : "~") + typed);
}

void add_warnings(Lines& lines, const SignInModel& model, const Size& window) {
  const auto warn = [&](const std::string& text) {
    if (!text.empty())
      add_text(lines, terminal::printable_bounded(text, 400), Style::caution, window);
  };
  if (model.browser == SignInModel::Browser::failed)
    warn("The browser could not be used: " + model.browser_problem);
  warn(model.listener_problem);
  warn(model.complaint);
}

Lines above_code(const SignInModel& model, const Size& window) {
  Lines lines;
  lines.emplace_back("");
  if (!model.link_stands_above) {
    add_text(lines, ask_to_open(model), Style::plain, window);
    lines.push_back(link_line(model.link));
  }
  if (model.way == SignInModel::Way::device) {
    Line code("  and type the code: ");
    code.add(terminal::printable_bounded(model.code, 60), Style::strong);
    lines.push_back(std::move(code));
  }
  return lines;
}

Lines below_code(const SignInModel& model, const Look& look, const Size& window) {
  Lines lines;
  if (!model.redirect_uri.empty()) {
    add_text(lines, "The provider must know exactly this redirect URI:", Style::faint, window);
    lines.emplace_back(terminal::printable_bounded(model.redirect_uri, kLongestLink));
  }
  lines.emplace_back("");
  add_warnings(lines, model, window);
  lines.push_back(status_line(model, look));
  add_text(lines, keys_text(model, look), Style::faint, window);
  if (model.can_paste) lines.push_back(prompt_line(model, look, window));
  return lines;
}

}  // namespace

std::string clock_text(std::chrono::seconds left) {
  const std::int64_t seconds = std::max<std::int64_t>(left.count(), 0);
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

bool qr_fits(const SignInModel& model, const Look& look, Size window) {
  const auto code = terminal::QrCode::make(model.qr_text);
  if (!code) return false;
  const Size drawn = code->drawn_size(look);
  const std::size_t others =
      terminal::LiveArea::rows_of(above_code(model, window), window.columns) +
      terminal::LiveArea::rows_of(below_code(model, look, window), window.columns);
  return drawn.columns + kIndent < window.columns && others + drawn.rows < window.rows;
}

std::vector<Line> render(const SignInModel& model, const Look& look, Size window) {
  Lines lines = above_code(model, window);
  if (model.qr == SignInModel::Qr::shown) {
    if (qr_fits(model, look, window)) {
      for (Line& row : terminal::QrCode::make(model.qr_text)->to_lines(look)) {
        row.pieces.insert(row.pieces.begin(), {std::string(kIndent, ' '), Style::plain, {}});
        lines.push_back(std::move(row));
      }
    } else {
      add_text(lines, "The window is too small for the QR code.", Style::caution, window);
    }
  }
  for (Line& line : below_code(model, look, window)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> to_plain_lines(const SignInModel& model) {
  std::vector<std::string> lines;
  lines.push_back("  " + terminal::printable_bounded(model.link, kLongestLink));
  if (model.way == SignInModel::Way::device) {
    lines.push_back("Open it on any device and type the code " +
                    terminal::printable_bounded(model.code, 60) + ".");
    lines.push_back(fmt::format("Waiting for you; it ends in {}.", clock_text(model.left)));
    return lines;
  }
  if (!model.redirect_uri.empty()) {
    lines.emplace_back("The provider must know exactly this redirect URI:");
    lines.push_back("  " + terminal::printable_bounded(model.redirect_uri, kLongestLink));
  }
  if (!model.listener_problem.empty())
    lines.push_back(terminal::printable_bounded(model.listener_problem, 400));
  switch (model.browser) {
    case SignInModel::Browser::none:
      lines.emplace_back("Open it in a browser, on any machine.");
      break;
    case SignInModel::Browser::opened:
      lines.emplace_back("Your browser opens; waiting for it.");
      break;
    case SignInModel::Browser::failed:
      lines.push_back("The browser could not be opened: " +
                      terminal::printable_bounded(model.browser_problem, 400));
      break;
  }
  return lines;
}

}  // namespace gatehouse::cli
