#include "gateway/page.hpp"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

TEST(Page, lets_browsers_name_their_origin_when_they_post_its_form) {
  Page page;
  page.button = "Go";
  page.form_action = "/connect/x";
  const http::Response response = render(page);
  EXPECT_EQ(response.headers.find("Referrer-Policy"), "same-origin");
  EXPECT_EQ(response.headers.find("Content-Security-Policy")->find("form-action"),
            std::string_view::npos);  // it would hold for the redirect to the sign-in as well
}

TEST(Page, shows_remote_text_as_text) {
  Page page;
  page.title = "<script>";
  page.facts = {{"Server", "\"><img src=x>"}};
  const std::string html = render(page).body;
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::gateway
