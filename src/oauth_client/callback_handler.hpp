// CallbackHandler: what the browser meets when it comes back from the authorization server, on the
// command line's loopback listener and on the gateway. Survives stray hits and wrong states, checks
// Host against DNS rebinding, and answers with a page a person can read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"
#include "oauth_client/login.hpp"

namespace gatehouse::oauth_client {

/// What a request to the listener is, before anything is looked up. Pure.
enum class CallbackHit {
  callback,    ///< the right path with a query
  bare,        ///< the right path without a query: nothing to do
  stray,       ///< another path (favicon.ico, a scanner)
  wrong_host,  ///< a Host that is not ours: DNS rebinding
  wrong_method,
};
CallbackHit classify_hit(const http::Request& request, std::string_view path,
                         const std::vector<std::string>& hosts);

struct CallbackPage {
  int status = 200;
  std::string title;
  std::vector<std::string> paragraphs;  ///< plain text; escaped when rendered
};
/// HTML without script, no-store, no framing, no referrer.
http::Response render(const CallbackPage& page);
CallbackPage page_for_success(const LoginOutcome& outcome);
CallbackPage page_for_failure(const Error& error);

class CallbackHandler final : public http::Handler {
 public:
  struct Options {
    OrganizationId organization;
    std::string path = "/callback";
    std::vector<std::string> hosts;  ///< accepted Host values, e.g. "127.0.0.1:49152"
    /// Hex of SHA-256 of the browser's cookie, where logins are bound to a browser; null: terminal.
    std::function<std::string(const http::Request&)> browser_hash;
    /// Told after the answer is sent: the outcome, or the error that ended a login. Stray hits and
    /// callbacks that match nothing are not told.
    std::function<void(const Result<LoginOutcome>&)> on_finished;
    /// Told that a callback is worked on now, and that it is no longer; null: nobody.
    std::function<void(bool working)> on_working;
  };
  /// `login` must outlive the handler.
  CallbackHandler(Login& login, Options options);
  Task<> handle(http::Exchange& exchange) override;

 private:
  Login& login_;
  Options options_;
};

}  // namespace gatehouse::oauth_client
