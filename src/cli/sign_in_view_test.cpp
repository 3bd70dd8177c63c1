#include "cli/sign_in_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "terminal/live_area.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;
using terminal::Look;
using terminal::Size;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Look unicode_look() {
  Look look;
  look.live = look.unicode = true;
  return look;
}

SignInModel link_model() {
  SignInModel model;
  model.link = model.qr_text = "https://login.example.com/authorize?client_id=abc&state=xyz";
  model.can_paste = true;
  model.left = 598s;
  return model;
}

SignInModel device_model() {
  SignInModel model;
  model.way = SignInModel::Way::device;
  model.link = "https://example.com/device";
  model.qr_text = "https://example.com/device?user_code=WDJB-MJHT";
  model.code = "WDJB-MJHT";
  model.left = 900s;
  return model;
}

std::vector<std::string> texts(const SignInModel& model, const Look& look, Size window) {
  std::vector<std::string> out;
  for (const terminal::Line& line : render(model, look, window)) out.push_back(line.text());
  return out;
}

TEST(SignInView, shows_link_time_keys_and_prompt) {
  EXPECT_THAT(texts(link_model(), unicode_look(), {80, 24}),
              ElementsAre("", "  Open this link in a browser, on any machine:",
                          "https://login.example.com/authorize?client_id=abc&state=xyz", "",
                          "  ◐ Waiting for you · 9:58 left", "  q shows a QR code · Esc cancels",
                          "  Or paste the address the browser ends on: "));
}

TEST(SignInView, is_ascii_in_an_ascii_locale) {
  for (const SignInModel& model : {link_model(), device_model()}) {
    for (const std::string& line : texts(model, Look{}, {80, 24})) {
      for (const char c : line) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << line;
    }
  }
}

TEST(SignInView, keeps_every_line_but_addresses_within_narrow_and_wide_windows) {
  SignInModel model = link_model();
  model.browser_here = true;
  model.browser = SignInModel::Browser::failed;
  model.browser_problem = "the program ended with status 3, and this is a long explanation of it";
  model.listener_problem =
      "port 8765, which is registered for this client, is in use by node (process 4711); end that "
      "program, or paste the address";
  model.complaint = "the callback has no state (paste the whole address the browser ended at)";
  model.typed = std::string(400, 'x');
  for (const std::size_t columns : {60U, 80U, 120U}) {
    for (const std::string& line : texts(model, unicode_look(), {columns, 24})) {
      if (!line.starts_with("https:"))
        EXPECT_LT(terminal::Line(line).width(), columns) << columns << ": " << line;
    }
  }
}

TEST(SignInView, shows_the_end_of_what_is_pasted) {
  SignInModel model = link_model();
  model.typed = "http://127.0.0.1:1/callback?code=" + std::string(100, 'a') + "&state=END";
  EXPECT_THAT(texts(model, unicode_look(), {60, 24}).back(), HasSubstr("…"));
  EXPECT_TRUE(texts(model, unicode_look(), {60, 24}).back().ends_with("=END"));
}

TEST(SignInView, shows_a_device_code_with_its_qr_code_where_it_fits) {
  SignInModel model = device_model();
  model.qr = SignInModel::Qr::shown;
  const auto tall = texts(model, unicode_look(), {60, 40});
  EXPECT_THAT(tall, Contains("  and type the code: WDJB-MJHT"));
  EXPECT_THAT(tall, Contains(HasSubstr("█")));
  EXPECT_THAT(tall, Not(Contains(HasSubstr("paste")))) << "there is nothing to paste";
  const auto low = texts(model, unicode_look(), {60, 24});
  EXPECT_THAT(low, Not(Contains(HasSubstr("█"))));
  EXPECT_THAT(low, Contains("  The window is too small for the QR code."));
  EXPECT_LT(low.size(), 24U);
}

TEST(SignInView, makes_remote_text_harmless_and_bounded) {
  SignInModel model = device_model();
  model.code = "\x1b[2J" + std::string(500, 'A');
  model.link = "https://example.com/\x1b]8;;evil\x07";
  for (const std::string& line : texts(model, unicode_look(), {80, 24})) {
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    EXPECT_LT(line.size(), 400U);
  }
}

TEST(SignInView, names_the_redirect_uri_of_a_client_made_by_hand_on_a_line_of_its_own) {
  SignInModel model = link_model();
  model.redirect_uri = "http://localhost:8765/callback";
  EXPECT_THAT(texts(model, unicode_look(), {80, 24}), Contains("http://localhost:8765/callback"));
  EXPECT_THAT(to_plain_lines(model), Contains("  http://localhost:8765/callback"));
}

TEST(SignInView, says_which_keys_there_are) {
  SignInModel model = link_model();
  model.browser_here = true;
  EXPECT_THAT(texts(model, unicode_look(), {80, 24}),
              Contains("  Enter opens a browser here · q shows a QR code · Esc cancels"));
  model.browser = SignInModel::Browser::opened;
  model.qr_text.clear();
  EXPECT_THAT(texts(model, unicode_look(), {80, 24}),
              Contains("  Enter opens the browser again · Esc cancels"));
}

TEST(SignInView, counts_down) {
  EXPECT_EQ(clock_text(598s), "9:58");
  EXPECT_EQ(clock_text(5s), "0:05");
  EXPECT_EQ(clock_text(3723s), "1:02:03");
  EXPECT_EQ(clock_text(-3s), "0:00");
}

TEST(SignInView, is_plain_lines_in_a_stable_order_elsewhere) {
  SignInModel model = link_model();
  EXPECT_THAT(to_plain_lines(model),
              ElementsAre("  https://login.example.com/authorize?client_id=abc&state=xyz",
                          "Open it in a browser, on any machine."));
  EXPECT_THAT(to_plain_lines(device_model()),
              ElementsAre("  https://example.com/device",
                          "Open it on any device and type the code WDJB-MJHT.",
                          "Waiting for you; it ends in 15:00."));
}

}  // namespace
}  // namespace gatehouse::cli
