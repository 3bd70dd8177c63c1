// The dynamic half of Registrar: when a registration is replaced, and that one process at a time
// does so. A claim on the row says who; it ends by itself, so that a killed process blocks nobody.
#include <algorithm>

#include "oauth_client/client_configuration.hpp"
#include "oauth_client/registration.hpp"

namespace gatehouse::oauth_client {

using vault::Registration;
using vault::RegistrationKind;

namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 250ms;  // how often a claim of another process is looked at
constexpr auto kEnding = std::chrono::hours(7 * 24);

/// Either way round: a clock that was set back must not make a claim last.
bool is_claimed(const Registration& registration, SystemTime now) {
  if (!registration.claimed_at) return false;
  return std::chrono::abs(now - *registration.claimed_at) < limits::kClientClaim;
}

bool is_usable(Fitness fitness) {
  return fitness == Fitness::good || fitness == Fitness::ending;
}

}  // namespace

Fitness fitness_of(const Registration& registration, SystemTime now) {
  if (registration.refused_at) return Fitness::refused;
  if (!registration.secret_expires_at) return Fitness::good;
  const SystemTime end = *registration.secret_expires_at;
  if (end <= now) return Fitness::ended;
  const auto life = std::max<SystemTime::duration>(end - registration.created_at, 0s);
  const auto margin = std::min<SystemTime::duration>(life / 4, kEnding);
  return end - margin <= now ? Fitness::ending : Fitness::good;
}

Task<Result<Registration>> Registrar::use_dynamic(RegistrationRequest request) {
  const SteadyTime start = clock_.steady_now();
  while (true) {
    const auto current = co_await store_.find_current(request.organization, request.server.issuer,
                                                      RegistrationKind::dynamic);
    if (!current) co_return std::unexpected(current.error());
    if (!*current) co_return co_await register_now(std::move(request), std::nullopt);
    Registration claimed = **current;
    const bool covers = covers_redirect(claimed, request.redirect_uri);
    if (covers && fitness_of(claimed, clock_.now()) == Fitness::good) co_return claimed;
    const bool patient = clock_.steady_now() - start < limits::kClientClaim;
    if (patient && is_claimed(claimed, clock_.now())) {
      co_await sleep_(kLook);
      continue;
    }
    claimed.claimed_at = clock_.now();
    auto taken = co_await store_.update(std::move(claimed));
    if (taken) co_return co_await replace(std::move(request), std::move(*taken));
    const bool raced =
        taken.error().code == Errc::conflict || taken.error().code == Errc::not_found;
    if (!raced || !patient) co_return std::unexpected(taken.error());
  }
}

Task<Result<Registration>> Registrar::replace(RegistrationRequest request, Registration claimed) {
  const Fitness fitness = fitness_of(claimed, clock_.now());
  const bool covers = covers_redirect(claimed, request.redirect_uri);
  if (covers && (fitness == Fitness::ending || fitness == Fitness::ended)) {
    // The same client with a new secret keeps every login that was made with it.
    auto renewed = co_await renew(claimed, request.allowances);
    if (renewed && fitness_of(*renewed, clock_.now()) == Fitness::good) co_return *renewed;
    if (renewed) claimed = std::move(*renewed);
  }
  auto fresh = co_await register_now(std::move(request), claimed);
  if (fresh) co_return fresh;
  claimed.claimed_at.reset();
  (void)co_await store_.update(claimed);
  // Replaced before it fails, so it may serve a little longer.
  if (covers && is_usable(fitness)) co_return claimed;
  co_return fresh;
}

Task<Result<Registration>> Registrar::replace_refused(RegistrationRequest request,
                                                      Registration refused) {
  refused.refused_at = clock_.now();
  // A conflict means that another process noted the same, or was faster still.
  if (const auto noted = co_await store_.update(refused); !noted) {
    const bool raced =
        noted.error().code == Errc::conflict || noted.error().code == Errc::not_found;
    if (!raced) co_return std::unexpected(noted.error());
    const auto row = co_await store_.find(refused.organization, refused.id);
    if (row && *row && !(*row)->refused_at) {
      Registration again = **row;
      again.refused_at = clock_.now();
      (void)co_await store_.update(std::move(again));
    }
  }
  if (request.redirect_uri.empty() && !refused.redirect_uris.empty()) {
    request.redirect_uri = refused.redirect_uris.front();
    request.further_redirect_uris = refused.redirect_uris;
  }
  co_return co_await use_dynamic(std::move(request));
}

Task<> retire_registration(vault::RegistrationStore& store, Registration registration,
                           SystemTime now) {
  if (registration.kind != RegistrationKind::dynamic) co_return;
  registration.refused_at = now;
  // A conflict means that somebody else has looked after it.
  (void)co_await store.update(std::move(registration));
}

Task<std::optional<Registration>> Registrar::renew(Registration registration,
                                                   std::vector<http::Allowance> allowances) {
  ClientReading reading = co_await read_client(registration, std::move(allowances), client_);
  if (!reading.now) co_return std::nullopt;
  Registration renewed = std::move(*reading.now);
  const bool changed = !renewed.client_secret.same_as(registration.client_secret) ||
                       renewed.secret_expires_at != registration.secret_expires_at;
  const bool new_token =
      !renewed.registration_access_token.same_as(registration.registration_access_token);
  if (!changed && !new_token && !registration.claimed_at) co_return renewed;
  renewed.claimed_at.reset();
  if (changed) renewed.created_at = clock_.now();  // what the life of its secret counts from
  auto stored = co_await store_.update(std::move(renewed));
  if (stored) co_return std::move(*stored);
  // Another process changed it meanwhile: what it stored is at least as new.
  const auto row = co_await store_.find(registration.organization, registration.id);
  if (row && *row) co_return **row;
  co_return std::nullopt;
}

}  // namespace gatehouse::oauth_client
