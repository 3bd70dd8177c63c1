#include "cli/accounts.hpp"

#include <algorithm>

#include "cli/connections.hpp"

namespace gatehouse::cli {
namespace {

Account describe_account(std::string name, const Result<std::optional<vault::Credential>>& found) {
  Account account;
  account.name = std::move(name);
  if (!found) {
    account.problem = found.error().detail;
    return account;
  }
  if (!*found || (*found)->tokens.access_token.empty()) {
    account.problem = "nobody is signed in";
    return account;
  }
  const vault::Credential& held = **found;
  account.subject = held.subject;
  account.expires_at = held.tokens.expires_at;
  account.signed_in = !held.sign_in_required;
  if (held.sign_in_required) account.problem = "sign in again: " + held.sign_in_reason;
  return account;
}

}  // namespace

Task<Result<std::vector<Account>>> list_accounts(Services& services, vault::Connection connection) {
  vault::CredentialStore& store = services.store.credentials();
  const vault::CredentialKey own = upstream::credential_key(target_of(connection));
  Result<std::vector<vault::CredentialKey>> keys =
      co_await store.list(connection.organization, connection.id);
  if (!keys) co_return std::unexpected(keys.error());
  std::erase_if(*keys, [&](const vault::CredentialKey& key) { return key.owner != own.owner; });
  if (std::ranges::find(*keys, own) == keys->end()) keys->push_back(own);
  std::vector<Account> accounts;
  for (const vault::CredentialKey& key : *keys) {
    const Result<std::optional<vault::Credential>> found = co_await store.find(key);
    if (!found && found.error().code != Errc::corrupt) co_return std::unexpected(found.error());
    accounts.push_back(describe_account(key.account, found));
    accounts.back().is_default = key == own;
  }
  std::ranges::sort(accounts, {}, &Account::name);
  co_return accounts;
}

std::string account_text(const Account& account) {
  if (!account.signed_in) return account.problem;
  return account.subject.empty() ? "signed in" : "signed in as " + account.subject;
}

std::string accounts_json(const std::vector<Account>& accounts) {
  std::vector<std::string> rows;
  for (const Account& account : accounts) {
    JsonObject row;
    row.text("account", account.name).flag("default", account.is_default);
    row.flag("signed_in", account.signed_in).text_if("subject", account.subject);
    row.text_if("problem", account.problem).time("expires_at", account.expires_at);
    rows.push_back(row.str());
  }
  return json_array(rows);
}

Task<Result<vault::Connection>> use_account(Services& services, vault::Connection connection,
                                            std::string account) {
  if (connection.default_account == account) co_return connection;
  connection.default_account = std::move(account);
  Result<vault::Connection> updated =
      co_await services.store.connections().update(std::move(connection));
  if (updated) services.upstreams.reset(updated->id);
  co_return updated;
}

}  // namespace gatehouse::cli
