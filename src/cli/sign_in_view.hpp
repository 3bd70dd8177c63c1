// What a person sees while a sign-in waits for them: a model and how it looks on a window of some
// size, and the same as plain lines where nothing can be redrawn. Pure. Texts of servers are made
// safe here. Drawn by SignInScreen.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "terminal/line.hpp"
#include "terminal/look.hpp"

namespace gatehouse::cli {

struct SignInModel {
  enum class Way {
    link,    ///< a link whose end comes back to the listener, or is pasted
    device,  ///< a code that is typed on another device (RFC 8628)
  };
  enum class Browser { none, opened, failed };
  enum class Qr { hidden, shown };

  Way way = Way::link;
  std::string link;     ///< where the person goes
  std::string code;     ///< device: what is typed there
  std::string qr_text;  ///< what the QR code leads to; empty: there is none
  Qr qr = Qr::hidden;
  bool link_stands_above = false;  ///< it was printed for good: too long for the window

  bool browser_here = false;  ///< one could be opened
  Browser browser = Browser::none;
  std::string browser_problem;
  std::string listener_problem;  ///< why the browser cannot come back by itself; empty: it can
  std::string redirect_uri;      ///< a provider must have it registered; empty: nobody's business

  bool can_paste = false;
  std::string typed;      ///< so far
  std::string complaint;  ///< about what was pasted last
  bool answered = false;  ///< an answer came and is worked on
  std::chrono::seconds left{0};
  std::size_t beat = 0;  ///< turns the sign of waiting
};

/// Few enough rows for the window wherever that is possible: a QR code that does not fit becomes a
/// sentence. See SignInModel::link_stands_above for the link.
std::vector<terminal::Line> render(const SignInModel& model, const terminal::Look& look,
                                   terminal::Size window);

/// What is said once where nothing can be redrawn.
std::vector<std::string> to_plain_lines(const SignInModel& model);

/// "9:58", "1:02:03".
std::string clock_text(std::chrono::seconds left);

/// Characters of the model's QR code and what surrounds it fit into the window.
bool qr_fits(const SignInModel& model, const terminal::Look& look, terminal::Size window);

}  // namespace gatehouse::cli
