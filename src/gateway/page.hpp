// The few pages a person sees in the browser while signing in: plain HTML without script, escaped,
// under a strict policy. Pure. Used by the connect page and by the sign-in callback.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace gatehouse::gateway {

struct Page {
  int status = 200;
  std::string title;
  std::vector<std::string> paragraphs;  ///< plain text; escaped when rendered
  struct Fact {
    std::string name;
    std::string value;
  };
  std::vector<Fact> facts;  ///< shown as a table, e.g. server and account
  std::string button;       ///< label; empty: no form
  std::string form_action;  ///< path the button posts to
  std::string form_token;   ///< hidden field "token" against forged posts
};

std::string escape_html(std::string_view text);

/// A complete answer: no-store, no sniffing, no framing, no referrer, no script.
http::Response render(const Page& page);

}  // namespace gatehouse::gateway
