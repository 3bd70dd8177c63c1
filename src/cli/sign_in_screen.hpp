// SignInScreen: shows a sign-in as it goes, redrawn in place on a terminal, as plain lines in a
// stable order elsewhere. Steps that are done stay in the scrollback; everything that only mattered
// while waiting goes. One per sign-in; sign_in() and its waiting tell it what happened.
#pragma once

#include <optional>
#include <string>

#include "cli/sign_in_view.hpp"
#include "cli/terminal.hpp"

namespace gatehouse::cli {

class SignInScreen final {
 public:
  /// `terminal` must outlive this.
  explicit SignInScreen(Terminal& terminal) : terminal_(terminal) {}
  ~SignInScreen() { clear(); }
  SignInScreen(const SignInScreen&) = delete;
  SignInScreen& operator=(const SignInScreen&) = delete;

  bool live() const { return terminal_.look().live; }

  /// Something begins that takes a moment; shown until the next call.
  void busy(const std::string& what);
  /// A step is done: what came of it, without a full stop.
  void done(const std::string& what);
  /// What was under way goes.
  void clear();

  /// The model that wait() and its like draw; change it, then update().
  SignInModel& model() { return model_; }
  /// The waiting begins.
  void begin_waiting();
  /// Something in the model changed, or the window did.
  void update();
  /// What was pasted is no answer.
  void complain(const std::string& text);
  /// The browser failed.
  void browser_failed(const std::string& why);

 private:
  Terminal& terminal_;
  SignInModel model_;
  bool waiting_ = false;
};

}  // namespace gatehouse::cli
