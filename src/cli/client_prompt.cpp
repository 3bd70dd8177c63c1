#include "cli/client_prompt.hpp"

#include "base/encoding.hpp"
#include "cli/callback_listener.hpp"
#include "cli/secret_source.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {

bool may_ask_client(const Services& services, const vault::Connection& connection,
                    const Error& refused) {
  const bool unregistered = refused.code == Errc::unsupported || refused.code == Errc::rejected;
  return unregistered && connection.oauth.client_id.empty() && services.terminal.can_ask();
}

Task<Result<vault::Connection>> ask_client(Services& services, vault::Connection connection,
                                           Error refused, std::string redirect_uri) {
  Terminal& terminal = services.terminal;
  terminal.show_area({});
  terminal.note(printable(refused.detail) + ".");
  terminal.note("If you can register a client there by hand, give it this redirect URI:");
  terminal.note("  " + printable(redirect_uri));
  Result<std::string> id =
      co_await ask(terminal, "Its client ID (empty gives up)", "", refused.hint);
  if (!id) co_return std::unexpected(id.error());
  const std::string_view client_id = trim_ows(*id);
  if (client_id.empty()) co_return std::unexpected(refused);
  Result<Secret> secret =
      co_await ask_secret(terminal, "Its secret, empty for a public client", refused.hint);
  if (!secret) co_return std::unexpected(secret.error());
  connection.oauth.client_id = client_id;
  if (!secret->empty()) {
    Result<Secret> checked = check_secret(std::string(secret->reveal()), "the secret");
    if (!checked) co_return std::unexpected(checked.error());
    connection.oauth.client_secret = std::move(*checked);
  }
  connection.oauth.redirect_port = registered_port({redirect_uri}, connection.oauth.redirect_path);
  co_return co_await services.store.connections().update(std::move(connection));
}

}  // namespace gatehouse::cli
