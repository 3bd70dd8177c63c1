// CallbackListener: where the browser comes back to during a terminal login. Prefers the port that
// is registered; a fixed port that is busy leaves only the paste prompt, and says who must free it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/redirect.hpp"
#include "cli/services.hpp"
#include "net/server.hpp"
#include "oauth_client/callback_handler.hpp"

namespace gatehouse::cli {

class CallbackListener final {
 public:
  struct Listeners {
    /// As oauth_client::CallbackHandler tells them.
    std::function<void(const Result<oauth_client::LoginOutcome>&)> on_finished;
    std::function<void(bool working)> on_working;
  };
  CallbackListener(Services& services, Listeners listeners);
  ~CallbackListener();

  /// Listens, where possible. False: only pasting is left; problem() says why.
  bool listen(const RedirectPlan& plan);
  const std::string& problem() const { return problem_; }
  /// Where the browser is sent; with a busy fixed port still the registered address.
  const std::string& redirect_uri() const { return redirect_uri_; }

  /// Serves until drain().
  Task<> run();
  Task<> drain();

 private:
  struct Door;
  Result<std::uint16_t> open(const RedirectPlan& plan);
  void say_busy(const RedirectPlan& plan, const Error& error);

  Services& services_;
  Listeners listeners_;
  std::unique_ptr<Door> door_;
  /// One, or for a redirect to "localhost" one for each family: browsers choose either.
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
  std::string problem_;
  std::string redirect_uri_;
};

/// The loopback port of the first redirect URI with that path; 0: none.
std::uint16_t registered_port(const std::vector<std::string>& redirect_uris,
                              const std::string& path);

/// "node (process 4711)" for the process that listens on the loopback port; empty when it cannot be
/// seen.
std::string port_owner(std::uint16_t port);

}  // namespace gatehouse::cli
