#include "cli/sign_in_screen.hpp"

#include <algorithm>

#include "terminal/live_area.hpp"
#include "terminal/qr_code.hpp"
#include "terminal/text.hpp"

namespace gatehouse::cli {

using terminal::Line;
using terminal::Look;

void SignInScreen::busy(const std::string& what) {
  waiting_ = false;
  if (!live()) return;
  Line line("  ");
  line.pieces.push_back(terminal::busy_sign(terminal_.look(), 0));
  line.add(" " + terminal::cut_to_width(what, terminal_.size().columns - 6));
  terminal_.show_area({line});
}

void SignInScreen::done(const std::string& what) {
  clear();
  if (!live()) {
    terminal_.note(what + ".");
    return;
  }
  Line line("  ");
  line.pieces.push_back(terminal::done_sign(terminal_.look()));
  const std::size_t columns = std::max<std::size_t>(terminal_.size().columns, 20);
  for (const std::string& part : terminal::wrap(what, columns - 5)) {
    terminal_.say(line.add(" " + part));
    line = Line("   ");
  }
}

void SignInScreen::clear() {
  waiting_ = false;
  terminal_.show_area({});
}

void SignInScreen::begin_waiting() {
  if (!live()) {
    for (const std::string& line : to_plain_lines(model_)) terminal_.note(line);
    const auto code = terminal::QrCode::make(model_.qr_text);
    if (model_.qr == SignInModel::Qr::hidden || !code) return;
    for (const Line& row : code->to_lines(terminal_.look())) terminal_.say(row);
    return;
  }
  waiting_ = true;
  update();
}

void SignInScreen::update() {
  if (!waiting_) return;
  const Look& look = terminal_.look();
  const terminal::Size window = terminal_.size();
  std::vector<Line> lines = render(model_, look, window);
  // What is taller than the window cannot be redrawn: the link then stands above, once.
  if (terminal::LiveArea::rows_of(lines, window.columns) >= window.rows &&
      !model_.link_stands_above) {
    model_.link_stands_above = true;
    terminal_.show_area({});
    terminal_.note("Open this link in a browser:");
    terminal_.note(terminal::printable(model_.link));
    lines = render(model_, look, window);
  }
  // Of a window of a few rows the lowest lines are what is needed.
  while (lines.size() > 1 && terminal::LiveArea::rows_of(lines, window.columns) >= window.rows)
    lines.erase(lines.begin());
  terminal_.show_area(lines);
}

void SignInScreen::complain(const std::string& text) {
  if (!live()) {
    terminal_.note(text);
    return;
  }
  model_.complaint = text;
  update();
}

void SignInScreen::browser_failed(const std::string& why) {
  model_.browser = SignInModel::Browser::failed;
  model_.browser_problem = why;
  if (!live()) {
    terminal_.note("The browser could not be used: " + terminal::printable(why));
    return;
  }
  update();
}

}  // namespace gatehouse::cli
