#include "cli/redirect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/add_options.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

Result<void> check_path(const std::string& path) {
  const bool plain =
      path.starts_with("/") && std::ranges::all_of(path, [](char c) {
        return c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '"' && c != '<' && c != '>';
      });
  if (plain && path.size() <= 200) return {};
  return fail(Errc::invalid_argument,
              "--redirect-path takes a path such as /callback, without query or fragment");
}

Result<void> check_uri(const std::string& uri) {
  const Result<http::Url> url = http::Url::parse(uri, "--redirect-uri");
  if (!url) return std::unexpected(url.error());
  if (url->is_https() || url->names_loopback()) return {};
  return fail(Errc::invalid_argument,
              "--redirect-uri takes an https address, or http on this machine's loopback",
              "http://localhost:PORT/callback, http://127.0.0.1:PORT/callback or https://…");
}

}  // namespace

Result<void> apply_redirect(const RedirectFlags& flags, vault::OAuthSettings& settings) {
  if (!flags.uri.empty()) {
    if (!flags.port.empty() || !flags.path.empty()) {
      return fail(Errc::invalid_argument,
                  "--redirect-uri says it all: leave out --redirect-port and --redirect-path");
    }
    if (const Result<void> good = check_uri(flags.uri); !good) return good;
    settings.redirect_uri = flags.uri;
    return {};
  }
  if (!flags.path.empty()) {
    if (const Result<void> good = check_path(flags.path); !good) return good;
    settings.redirect_path = flags.path;
    settings.redirect_uri.clear();
  }
  if (!flags.port.empty()) {
    const Result<std::uint16_t> port = parse_redirect_port(flags.port);
    if (!port) return std::unexpected(port.error());
    settings.redirect_port = *port;
    settings.redirect_uri.clear();
  }
  return {};
}

std::optional<std::string> fixed_redirect_uri(const vault::OAuthSettings& settings) {
  if (!settings.redirect_uri.empty()) return settings.redirect_uri;
  if (settings.redirect_port == 0) return std::nullopt;
  return fmt::format("http://127.0.0.1:{}{}", settings.redirect_port, settings.redirect_path);
}

RedirectPlan plan_redirect(const vault::OAuthSettings& settings, std::uint16_t registered) {
  RedirectPlan plan;
  plan.path = settings.redirect_path;
  if (!settings.redirect_uri.empty()) {
    plan.uri = settings.redirect_uri;
    const Result<http::Url> url = http::Url::parse(plan.uri);
    const bool here = url && !url->is_https() && url->names_loopback();
    plan.kind = here ? RedirectPlan::Port::fixed : RedirectPlan::Port::none;
    if (!here) return plan;
    plan.host = url->host();
    plan.port = url->port();
    plan.path = url->path();
    return plan;
  }
  plan.port = registered;
  if (settings.redirect_port != 0) {
    plan.port = settings.redirect_port;
    plan.kind = RedirectPlan::Port::fixed;
  }
  return plan;
}

}  // namespace gatehouse::cli
