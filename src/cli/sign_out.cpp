#include "cli/sign_out.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "oauth_client/machine_grants.hpp"

namespace gatehouse::cli {
namespace {

using oauth_client::Deletion;
using oauth_client::DeletionReport;
using oauth_client::Revoked;

std::string_view revoked_name(Revoked outcome) {
  switch (outcome) {
    case Revoked::yes:
      return "yes";
    case Revoked::unsupported:
      return "unsupported";
    case Revoked::failed:
      return "failed";
    case Revoked::nothing:
      return "nothing";
  }
  return "nothing";
}

std::string_view deleted_name(Deletion outcome) {
  switch (outcome) {
    case Deletion::deleted:
      return "yes";
    case Deletion::unsupported:
      return "unsupported";
    case Deletion::failed:
      return "failed";
  }
  return "failed";
}

std::string whose(const SignedOut& ended) {
  if (ended.account == "default") return printable(ended.name);
  return printable(ended.name) + " as " + printable(ended.account);
}

}  // namespace

bool has_sign_in(const vault::Connection& connection) {
  return connection.transport == vault::Transport::http &&
         connection.auth != vault::AuthKind::headers;
}

Task<Result<std::vector<SignedOut>>> sign_out(Services& services, vault::Connection connection,
                                              std::optional<std::string> account) {
  vault::CredentialStore& store = services.store.credentials();
  const auto keys = co_await store.list(connection.organization, connection.id);
  if (!keys) co_return std::unexpected(keys.error());
  services.upstreams.reset(connection.id);
  std::vector<SignedOut> all;
  for (const vault::CredentialKey& key : *keys) {
    if (account && key.account != *account) continue;
    SignedOut ended{
        .name = connection.name, .account = key.account, .issuer = {}, .revocation = {}};
    // One that cannot be read cannot be revoked; it is forgotten all the same.
    const auto row = co_await store.find(key);
    if (row && *row) ended.issuer = (*row)->binding.issuer;
    auto report = co_await services.login.logout(connection, key);
    if (!report) co_return std::unexpected(report.error());
    ended.revocation = std::move(*report);
    if (!row) {
      ended.revocation = {Revoked::failed,
                          "the login could not be read here, so that nothing could be revoked"};
    }
    all.push_back(std::move(ended));
  }
  services.tokens.drop_cache();
  co_return all;
}

Task<Result<void>> save_signed_out(Services& services, vault::Connection connection,
                                   std::vector<SignedOut> ended) {
  const std::string account = upstream::credential_key(target_of(connection)).account;
  const bool left = std::ranges::any_of(ended, [&](const SignedOut& one) {
    return one.account == account && one.revocation.outcome != Revoked::nothing;
  });
  if (!left || oauth_client::is_machine(connection)) co_return Result<void>{};
  vault::ConnectionStore& store = services.store.connections();
  Result<vault::ConnectionState> state =
      co_await store.load_state(connection.organization, connection.id);
  if (!state) co_return std::unexpected(state.error());
  state->health = vault::Health::sign_in_required;
  state->detail = "signed out";
  state->hint = "gatehouse login " + connection.name;
  co_return co_await store.save_state(connection.organization, connection.id, std::move(*state));
}

Task<std::vector<DeletionReport>> forget_clients(Services& services, std::vector<SignedOut> ended,
                                                 oauth_client::Unused which,
                                                 std::vector<http::Allowance> allowances) {
  std::set<std::string> issuers;
  for (const SignedOut& one : ended)
    if (!one.issuer.empty()) issuers.insert(one.issuer);
  std::vector<DeletionReport> reports;
  for (const std::string& issuer : issuers) {
    auto more = co_await oauth_client::erase_unused_clients(services.store.registrations(),
                                                            organization_of(services), issuer,
                                                            which, allowances, services.http);
    std::ranges::move(more, std::back_inserter(reports));
  }
  co_return reports;
}

void tell(Terminal& terminal, const SignedOut& ended) {
  if (ended.revocation.outcome == Revoked::nothing) return;
  terminal.note(fmt::format("Signed out of {}; the tokens here are deleted.", whose(ended)));
  if (ended.revocation.outcome == Revoked::yes) {
    terminal.note("The provider has revoked them.");
  } else {
    terminal.note(
        "The provider has not revoked them, so they stay valid there until they expire: " +
        printable(ended.revocation.detail));
  }
}

void tell(Terminal& terminal, const std::vector<DeletionReport>& clients) {
  for (const DeletionReport& report : clients) {
    if (report.outcome == Deletion::unsupported) {
      terminal.note(fmt::format("Our registration at {} is forgotten here; {}.",
                                printable(report.issuer), printable(report.detail)));
    } else if (report.outcome == Deletion::deleted) {
      terminal.note(
          fmt::format("Our registration at {} is deleted there.", printable(report.issuer)));
    } else if (report.outcome == Deletion::failed) {
      terminal.note(fmt::format(
          "Our registration at {} (client {}) is forgotten here but not "
          "deleted there: {}",
          printable(report.issuer), printable(report.client_id), printable(report.detail)));
    }
  }
}

JsonObject to_json(const SignedOut& ended) {
  JsonObject json;
  json.text("name", ended.name);
  if (ended.account != "default") json.text("account", ended.account);
  json.text_if("issuer", ended.issuer);
  json.text("revoked", revoked_name(ended.revocation.outcome));
  json.text_if("detail", ended.revocation.detail);
  return json;
}

std::string to_json(const std::vector<DeletionReport>& clients) {
  std::vector<std::string> rows;
  for (const DeletionReport& report : clients) {
    rows.push_back(JsonObject()
                       .text("issuer", report.issuer)
                       .text("client_id", report.client_id)
                       .text("deleted", deleted_name(report.outcome))
                       .text_if("detail", report.detail)
                       .str());
  }
  return json_array(rows);
}

std::string_view summary(const std::vector<SignedOut>& ended) {
  for (const Revoked worst : {Revoked::failed, Revoked::unsupported, Revoked::yes}) {
    const auto same = [&](const SignedOut& one) { return one.revocation.outcome == worst; };
    if (std::ranges::any_of(ended, same)) return revoked_name(worst);
  }
  return revoked_name(Revoked::nothing);
}

bool any_failed(const std::vector<SignedOut>& ended) {
  return std::ranges::any_of(
      ended, [](const SignedOut& one) { return one.revocation.outcome == Revoked::failed; });
}

}  // namespace gatehouse::cli
