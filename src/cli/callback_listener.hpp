// CallbackListener: where the browser comes back to during a terminal login. Prefers the port that
// is registered; a fixed port that is busy leaves only the paste prompt, and says who must free it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/services.hpp"
#include "net/server.hpp"
#include "oauth_client/callback_handler.hpp"

namespace gatehouse::cli {

class CallbackListener final {
 public:
  struct Wish {
    std::uint16_t port = 0;  ///< preferred; 0: any
    enum class Port { preferred, fixed } kind = Port::preferred;
    std::string path = "/callback";
  };

  /// `on_finished` is told as oauth_client::CallbackHandler tells it.
  CallbackListener(Services& services,
                   std::function<void(const Result<oauth_client::LoginOutcome>&)> on_finished);
  ~CallbackListener();

  /// Listens, where possible. False: only pasting is left; problem() says why.
  bool listen(const Wish& wish);
  const std::string& problem() const { return problem_; }
  /// Where the browser is sent; with a busy fixed port still the registered address.
  const std::string& redirect_uri() const { return redirect_uri_; }

  /// Serves until drain().
  Task<> run();
  Task<> drain();

 private:
  struct Door;
  Services& services_;
  std::function<void(const Result<oauth_client::LoginOutcome>&)> on_finished_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<net::HttpServer> server_;
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
