#include "cli/consent.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/table.hpp"
#include "http/url.hpp"
#include "net/address_guard.hpp"

namespace gatehouse::cli {
namespace {

constexpr int kQuestions = 6;  // the server, its metadata, the issuer and its endpoints

std::string_view purpose_of(const http::Allowance& allowance) {
  return allowance.purpose == http::Purpose::connection ? "MCP server" : "authorization server";
}

/// No answer of a person opens such an address, so nobody is asked.
bool opens_nothing(const http::Allowance& allowance) {
  const Result<http::Url> url = http::Url::parse(allowance.origin);
  const auto literal = url ? net::IpAddress::parse(url->host()) : std::nullopt;
  const auto range = literal ? net::find_special_range(*literal) : std::nullopt;
  return range && range->kind == net::RangeKind::never;
}

bool is_allowed(const std::vector<http::Allowance>& allowances, const http::Allowance& wanted) {
  return std::ranges::find(allowances, wanted) != allowances.end();
}

// Endpoints that the guard would refuse later, in the middle of a login.
std::vector<http::Allowance> endpoint_allowances(const oauth::AuthorizationServerMetadata& server) {
  std::vector<http::Allowance> wanted;
  for (const std::string& text :
       {server.token_endpoint, server.registration_endpoint, server.revocation_endpoint}) {
    const Result<http::Url> url = http::Url::parse(text);
    if (!url || (url->is_https() && !url->names_loopback())) continue;
    const http::Allowance allowance{url->origin(), http::Purpose::authorization_server};
    if (!is_allowed(wanted, allowance)) wanted.push_back(allowance);
  }
  return wanted;
}

}  // namespace

Result<void> check_origins(const std::vector<std::string>& origins) {
  for (const std::string& text : origins) {
    const Result<http::Url> url = http::Url::parse(text);
    if (url && url->origin() == text) continue;
    return fail(
        Errc::invalid_argument, fmt::format("--allow: {} is no origin", quote_remote(text, 120)),
        url ? "--allow " + url->origin() : "--allow https://HOST:PORT, or http://HOST:PORT");
  }
  return {};
}

Task<Result<bool>> ask_allowance(Services& services, http::Allowance allowance, Consent consent) {
  const Result<http::Url> url = http::Url::parse(allowance.origin);
  const bool on_loopback = url && url->names_loopback();
  const bool named = std::ranges::find(consent.origins, allowance.origin) != consent.origins.end();
  if (named || (on_loopback && (consent.loopback || consent.everything)) ||
      (on_loopback && services.settings.dangerously_allow_http_loopback)) {
    co_return true;
  }
  const std::string where = on_loopback               ? "on this machine"
                            : url && !url->is_https() ? "not encrypted, or not a public address"
                                                      : "not a public address";
  services.terminal.note(fmt::format("{} is {}.", printable(allowance.origin), where));
  const std::string hint = on_loopback ? "--allow-loopback says yes to this machine"
                                       : "--allow " + allowance.origin + " says yes to this origin";
  Result<Answer> answer = co_await confirm(
      services.terminal,
      fmt::format("May Gatehouse reach it as the {} of this connection?", purpose_of(allowance)),
      Answer::no, hint);
  if (!answer) co_return std::unexpected(answer.error());
  co_return *answer == Answer::yes;
}

Task<Result<Discovered>> discover_with_consent(Services& services,
                                               oauth_client::DiscoveryRequest request,
                                               Consent consent) {
  Discovered found;
  found.allowances = request.allowances;
  for (int question = 0;; ++question) {
    request.allowances = found.allowances;
    Result<oauth_client::Discovery> discovery =
        co_await oauth_client::discover(request, services.http);
    if (!discovery) co_return std::unexpected(discovery.error());
    found.discovery = std::move(*discovery);
    const std::optional<http::Allowance>& missing = found.discovery.missing_allowance;
    if (!missing || question >= kQuestions || is_allowed(found.allowances, *missing)) break;
    if (opens_nothing(*missing)) break;
    Result<bool> agreed = co_await ask_allowance(services, *missing, consent);
    if (!agreed) co_return std::unexpected(agreed.error());
    if (!*agreed) co_return found;
    found.allowances.push_back(*missing);
  }
  if (!found.discovery.server) co_return found;
  for (const http::Allowance& wanted : endpoint_allowances(*found.discovery.server)) {
    if (is_allowed(found.allowances, wanted)) continue;
    Result<bool> agreed = co_await ask_allowance(services, wanted, consent);
    if (!agreed) co_return std::unexpected(agreed.error());
    if (*agreed) found.allowances.push_back(wanted);
  }
  co_return found;
}

Task<Result<std::string>> agree_to_issuer(Services& services, std::string name,
                                          oauth_client::IssuerChange change) {
  Error error = oauth_client::describe_change(change, name);
  if (!services.terminal.can_ask()) co_return std::unexpected(std::move(error));
  services.terminal.note(fmt::format("{} sends people to another authorization server now:", name));
  services.terminal.note("  before: " + printable(change.from));
  for (const std::string& issuer : change.offered)
    services.terminal.note("  now:    " + printable(issuer));
  services.terminal.note(
      "That is right after a move of the provider; it is also what an attacker would do.");
  if (change.offered.size() > 1) co_return co_await choose_issuer(services, change.offered);
  Result<Answer> answer = co_await confirm(
      services.terminal, "Sign in at the new one, from now on?", Answer::no, error.hint);
  if (!answer) co_return std::unexpected(answer.error());
  if (*answer == Answer::no) co_return std::unexpected(std::move(error));
  co_return change.offered.front();
}

Task<Result<std::string>> choose_issuer(Services& services, std::vector<std::string> issuers) {
  services.terminal.note("The server takes sign-ins of several authorization servers:");
  Result<std::size_t> chosen = co_await choose(
      services.terminal, "Which one do you have an account at?", issuers,
      "--issuer URL chooses one of: " + fmt::format("{}", fmt::join(issuers, ", ")));
  if (!chosen) co_return std::unexpected(chosen.error());
  co_return issuers[*chosen];
}

}  // namespace gatehouse::cli
