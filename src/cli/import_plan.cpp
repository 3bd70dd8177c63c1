#include "cli/import_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "cli/connections.hpp"

namespace gatehouse::cli {
namespace {

Result<void> rename_all(std::vector<vault::Connection>& connections, const ImportChoices& choices) {
  std::set<std::string> renamed;
  for (vault::Connection& connection : connections) {
    const auto found = choices.rename.find(connection.name);
    if (found == choices.rename.end()) continue;
    if (const Result<void> fine = check_connection_name(found->second); !fine) return fine;
    renamed.insert(connection.name);
    connection.name = found->second;
  }
  for (const auto& [from, to] : choices.rename) {
    if (!renamed.contains(from))
      return fail(Errc::invalid_argument,
                  fmt::format("the file has no connection {} to rename", quote_remote(from, 60)));
  }
  std::set<std::string> names;
  for (const vault::Connection& connection : connections) {
    if (!names.insert(connection.name).second)
      return fail(Errc::invalid_argument,
                  fmt::format("two connections would be named {}", connection.name));
  }
  return {};
}

/// Held here, whether it can be read or not.
Task<Result<bool>> has_login(Services& services, vault::CredentialKey key) {
  Result<std::vector<vault::CredentialKey>> keys =
      co_await services.store.credentials().list(key.organization, key.connection);
  if (!keys) co_return std::unexpected(keys.error());
  co_return std::ranges::find(*keys, key) != keys->end();
}

/// The newest one here goes on being used by the logins that name it.
Task<Result<void>> add_registration(Services& services, vault::Registration registration) {
  vault::RegistrationStore& store = services.store.registrations();
  const Result<std::optional<vault::Registration>> here =
      co_await store.find(registration.organization, registration.id);
  if (!here && here.error().code != Errc::corrupt) co_return std::unexpected(here.error());
  if (here && *here) co_return Result<void>{};
  const Result<std::optional<vault::Registration>> current = co_await store.find_current(
      registration.organization, registration.issuer, registration.kind);
  if (!current) co_return std::unexpected(current.error());
  std::optional<RegistrationId> expected;
  if (*current) expected = (*current)->id;
  const Result<vault::Registration> saved =
      co_await store.save(std::move(registration), std::move(expected));
  if (!saved) co_return std::unexpected(saved.error());
  co_return Result<void>{};
}

Task<Result<void>> put_connection(Services& services, ImportStep step) {
  vault::ConnectionStore& store = services.store.connections();
  if (step.kind == ImportKind::present) co_return Result<void>{};
  if (step.kind == ImportKind::replace) {
    services.upstreams.reset(step.here.id);
    const Result<void> gone = co_await store.erase(step.here.organization, step.here.id);
    if (!gone && gone.error().code != Errc::not_found) co_return gone;
  }
  const Result<vault::Connection> created = co_await store.create(std::move(step.connection));
  if (!created) co_return std::unexpected(created.error());
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::vector<ImportStep>>> plan_import(Services& services,
                                                  std::vector<vault::Connection> connections,
                                                  ImportChoices choices) {
  if (const Result<void> renamed = rename_all(connections, choices); !renamed)
    co_return std::unexpected(renamed.error());
  Result<std::vector<vault::Connection>> all =
      co_await services.store.connections().list(organization_of(services));
  if (!all) co_return std::unexpected(all.error());
  std::vector<ImportStep> steps;
  std::vector<std::string> taken;
  for (vault::Connection& connection : connections) {
    ImportStep step{.connection = std::move(connection)};
    const auto same = std::ranges::find(*all, step.connection.id, &vault::Connection::id);
    const auto named = std::ranges::find(*all, step.connection.name, &vault::Connection::name);
    if (same != all->end()) {
      step.kind = ImportKind::present;
      step.here = *same;
    } else if (named != all->end()) {
      step.kind = ImportKind::replace;
      step.here = *named;
      if (!choices.replace) taken.push_back(step.connection.name);
    }
    steps.push_back(std::move(step));
  }
  if (!taken.empty())
    co_return fail(
        Errc::conflict,
        fmt::format("there are connections with these names: {}", fmt::join(taken, ", ")),
        fmt::format("--rename {}=NEW-NAME keeps both; --replace removes those here, with "
                    "their logins",
                    taken.front()));
  co_return steps;
}

Task<Result<ImportOutcome>> carry_out_import(Services& services, std::vector<ImportStep> steps,
                                             std::vector<vault::Registration> registrations,
                                             std::vector<vault::Credential> credentials) {
  ImportOutcome outcome;
  for (vault::Registration& registration : registrations) {
    const Result<void> added = co_await add_registration(services, std::move(registration));
    if (!added) co_return std::unexpected(added.error());
  }
  for (ImportStep& step : steps) {
    const Result<void> put = co_await put_connection(services, std::move(step));
    if (!put) co_return std::unexpected(put.error());
  }
  for (vault::Credential& credential : credentials) {
    const Result<bool> held = co_await has_login(services, credential.key);
    if (!held) co_return std::unexpected(held.error());
    if (*held) {
      ++outcome.kept_logins;
      continue;
    }
    const Result<std::int64_t> epoch =
        co_await services.store.credentials().find_epoch(credential.key);
    if (!epoch) co_return std::unexpected(epoch.error());
    const Result<vault::Credential> saved =
        co_await services.store.credentials().save_login(std::move(credential), *epoch);
    if (!saved) co_return std::unexpected(saved.error());
    ++outcome.logins;
  }
  co_return outcome;
}

}  // namespace gatehouse::cli
