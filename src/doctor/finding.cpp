#include "doctor/finding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gatehouse::doctor {
namespace {

bool on_the_way(Phase phase) {
  return phase == Phase::name || phase == Phase::proxy || phase == Phase::connection ||
         phase == Phase::encryption;
}

bool at_the_provider(Phase phase) {
  return phase == Phase::discovery || phase == Phase::registration || phase == Phase::token;
}

std::string way_out(Owner owner, std::string_view connection) {
  switch (owner) {
    case Owner::nobody:
    case Owner::you:
      return fmt::format(
          "gatehouse show {0}, correct what is named above, then gatehouse doctor {0}", connection);
    case Owner::network:
      return fmt::format(
          "check name servers, firewall and proxy settings, then gatehouse doctor {}", connection);
    case Owner::server:
      return fmt::format("tell whoever runs the MCP server, then gatehouse doctor {}", connection);
    case Owner::provider:
      return fmt::format("tell whoever runs the authorization server, then gatehouse doctor {}",
                         connection);
    case Owner::us:
      return "report this with the reference above";
  }
  return {};
}

}  // namespace

std::string_view to_string(Phase phase) {
  static constexpr std::array<std::string_view, 11> kNames{
      "configuration", "secrets",      "name",  "proxy",     "connection", "encryption",
      "discovery",     "registration", "token", "handshake", "catalog"};
  return kNames.at(static_cast<std::size_t>(phase));
}

std::string_view to_string(Outcome outcome) {
  static constexpr std::array<std::string_view, 4> kNames{"ok", "warning", "failed", "skipped"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

std::string_view to_string(Owner owner) {
  static constexpr std::array<std::string_view, 6> kNames{"nobody", "you",      "network",
                                                          "server", "provider", "gatehouse"};
  return kNames.at(static_cast<std::size_t>(owner));
}

std::string_view describe(Owner owner) {
  static constexpr std::array<std::string_view, 6> kTexts{"nobody",
                                                          "you",
                                                          "whoever runs the network",
                                                          "whoever runs the MCP server",
                                                          "whoever runs its authorization server",
                                                          "the makers of Gatehouse"};
  return kTexts.at(static_cast<std::size_t>(owner));
}

Owner owner_of(Phase phase, Errc code) {
  switch (code) {
    case Errc::bug:
      return Owner::us;
    case Errc::sign_in_required:
    case Errc::insufficient_scope:
    case Errc::invalid_grant:
    case Errc::invalid_argument:
    case Errc::blocked_address:
    case Errc::policy:
    case Errc::corrupt:
    case Errc::storage:
    case Errc::cancelled:
    case Errc::conflict:
      return Owner::you;
    case Errc::invalid_client:
      return phase == Phase::registration || phase == Phase::token ? Owner::you : Owner::provider;
    default:
      break;
  }
  if (phase == Phase::configuration || phase == Phase::secrets) return Owner::you;
  if (phase == Phase::encryption) return code == Errc::tls ? Owner::server : Owner::network;
  if (phase == Phase::connection && code == Errc::unavailable) return Owner::server;
  if (on_the_way(phase)) return Owner::network;
  if (code == Errc::unavailable || code == Errc::timeout) {
    return at_the_provider(phase) ? Owner::provider : Owner::server;
  }
  return at_the_provider(phase) ? Owner::provider : Owner::server;
}

Finding make_failure(Phase phase, const Error& error, std::string_view connection) {
  const Owner owner = owner_of(phase, error.code);
  return {.phase = phase,
          .outcome = Outcome::failed,
          .detail = error.detail,
          .owner = owner,
          .action = error.hint.empty() ? way_out(owner, connection) : error.hint,
          .code = error.code};
}

Finding make_ok(Phase phase, std::string detail) {
  return {.phase = phase, .outcome = Outcome::ok, .detail = std::move(detail)};
}

Finding make_skipped(Phase phase, std::string why) {
  return {.phase = phase, .outcome = Outcome::skipped, .detail = std::move(why)};
}

Finding make_warning(Phase phase, std::string detail, Owner owner, std::string action) {
  return {.phase = phase,
          .outcome = Outcome::warning,
          .detail = std::move(detail),
          .owner = owner,
          .action = std::move(action)};
}

const Finding* Report::first_failure() const {
  const auto found = std::ranges::find(findings, Outcome::failed, &Finding::outcome);
  return found == findings.end() ? nullptr : &*found;
}

bool Report::needs_sign_in() const {
  const Finding* failure = first_failure();
  return failure != nullptr && failure->code &&
         (*failure->code == Errc::sign_in_required || *failure->code == Errc::insufficient_scope);
}

}  // namespace gatehouse::doctor
