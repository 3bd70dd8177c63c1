#include "oauth_client/issuer_change.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gatehouse::oauth_client {
namespace {

// Pasted into a shell by a person: what it would act on is left out.
bool is_plain_url(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-._~:/%+@,=") == std::string_view::npos;
}

Error describe(const IssuerChange& change, const std::string& name, Errc code,
               std::string_view command) {
  std::string offered;
  for (const std::string& issuer : change.offered)
    offered += (offered.empty() ? "" : ", ") + quote_remote(issuer);
  const std::string& first = change.offered.front();
  const bool one = change.offered.size() == 1 && is_plain_url(first);
  return {code,
          fmt::format("{} now names another authorization server than the one of this connection: "
                      "before {}, now {}",
                      name, quote_remote(change.from), offered),
          fmt::format("if you know why and trust it: `gatehouse {} {} --issuer {}`", command, name,
                      one ? first : "URL")};
}

}  // namespace

Task<std::string> find_known_issuer(vault::CredentialStore& store, vault::Connection connection,
                                    vault::CredentialKey key) {
  if (!connection.oauth.issuer.empty()) co_return connection.oauth.issuer;
  const auto row = co_await store.find(std::move(key));
  if (!row || !*row || (*row)->binding.server_url != connection.url) co_return std::string();
  co_return (*row)->binding.issuer;
}

std::optional<IssuerChange> find_change(const Discovery& discovery, const std::string& known) {
  std::vector<std::string> offered = discovery.issuers;
  if (offered.empty() && discovery.server) offered.push_back(discovery.server->issuer);
  if (known.empty() || offered.empty()) return std::nullopt;
  const bool named = std::ranges::find(offered, known) != offered.end();
  // An issuer that we derived from the server's origin ourselves has no spelling to insist on.
  const bool spelled =
      !discovery.resource_metadata && discovery.server &&
      (discovery.server->issuer == known || discovery.server->issuer + "/" == known ||
       discovery.server->issuer == known + "/");
  if (named || spelled) return std::nullopt;
  return IssuerChange{known, std::move(offered)};
}

Error describe_change(const IssuerChange& change, const std::string& name) {
  return describe(change, name, Errc::sign_in_required, "login");
}

Error refuse_change(const IssuerChange& change, const std::string& name) {
  return describe(change, name, Errc::policy, "edit");
}

}  // namespace gatehouse::oauth_client
