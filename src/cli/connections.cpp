#include "cli/connections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/file_notes.hpp"
#include "cli/grant_options.hpp"
#include "cli/nearest.hpp"
#include "vault/standing.hpp"

namespace gatehouse::cli {

Result<void> check_connection_name(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool good =
      !name.empty() && name.size() <= 32 && is_plain(name.front()) &&
      std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '_' || c == '-'; });
  if (good) return {};
  return fail(Errc::invalid_argument,
              fmt::format("{} cannot be a connection's name", quote_remote(name, 60)),
              "a name has at most 32 lower-case letters, digits, - and _, and begins with a letter "
              "or digit");
}

Task<Result<vault::Connection>> require_connection(Services& services, std::string name) {
  const OrganizationId organization = organization_of(services);
  Result<std::optional<vault::Connection>> found =
      co_await services.store.connections().find(organization, name);
  if (!found) co_return std::unexpected(found.error());
  if (*found) co_return std::move(**found);
  if (const Result<void> usable = check_file_entry(services, name); !usable)
    co_return std::unexpected(usable.error());
  Result<std::vector<vault::Connection>> all =
      co_await services.store.connections().list(organization);
  if (!all) co_return std::unexpected(all.error());
  std::vector<std::string> names;
  for (const vault::Connection& connection : *all) names.push_back(connection.name);
  co_return fail(
      Errc::not_found,
      fmt::format("there is no connection {}.{}", quote_remote(name, 60), suggestion(name, names)),
      names.empty() ? "gatehouse add NAME URL" : "gatehouse list");
}

Task<Result<std::vector<vault::Connection>>> choose_connections(Services& services,
                                                                std::vector<std::string> names) {
  if (names.empty())
    co_return co_await services.store.connections().list(organization_of(services));
  std::vector<vault::Connection> chosen;
  for (std::string& name : names) {
    Result<vault::Connection> connection = co_await require_connection(services, std::move(name));
    if (!connection) co_return std::unexpected(connection.error());
    chosen.push_back(std::move(*connection));
  }
  co_return chosen;
}

upstream::Target target_of(const vault::Connection& connection) {
  return target_of(connection, connection.default_account);
}

upstream::Target target_of(const vault::Connection& connection, const std::string& account) {
  return {std::make_shared<const vault::Connection>(connection), local_member(),
          account.empty() ? connection.default_account : account};
}

Result<void> check_account_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' ||
           c == '.' || c == '_' || c == '+' || c == '-';
  };
  if (!name.empty() && name.size() <= 64 && std::ranges::all_of(name, is_plain)) return {};
  return fail(Errc::invalid_argument,
              fmt::format("{} cannot be an account's name", quote_remote(name, 80)),
              "a name of your own for it: at most 64 letters, digits and @ . _ + -");
}

std::string_view auth_name(vault::AuthKind auth) {
  switch (auth) {
    case vault::AuthKind::unknown:
      return "unknown";
    case vault::AuthKind::none:
      return "none";
    case vault::AuthKind::oauth:
      return "oauth";
    case vault::AuthKind::headers:
      return "headers";
  }
  return "unknown";
}

namespace {

/// As a shell reads it back.
std::string shell_word(const std::string& word) {
  const bool plain = std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=@%+,^").contains(c);
  });
  if (plain && !word.empty()) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string address_of(const vault::Connection& connection) {
  if (connection.transport == vault::Transport::http) return connection.url;
  std::string line;
  for (const std::string& word : connection.command) {
    line += (line.empty() ? "" : " ") + shell_word(word);
  }
  return line;
}

std::string ago(SystemTime then, SystemTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  const auto count = [](std::int64_t number, std::string_view unit) {
    return fmt::format("{} {}{} ago", number, unit, number == 1 ? "" : "s");
  };
  if (seconds < 5) return "just now";
  if (seconds < 60) return count(seconds, "second");
  if (seconds < 3600) return count(seconds / 60, "minute");
  if (seconds < 2 * 86400) return count(seconds / 3600, "hour");
  return count(seconds / 86400, "day");
}

std::string era_name(const vault::ConnectionState& state) {
  return state.era == vault::kHttpWithSse ? "legacy" : state.era;
}

std::string protocol_text(const vault::ConnectionState& state) {
  if (state.era != vault::kHttpWithSse) return state.protocol_version;
  return state.protocol_version + " over HTTP+SSE, the transport of 2024-11-05";
}

JsonObject connection_json(const vault::Connection& connection,
                           const vault::ConnectionState& state) {
  JsonObject json;
  json.text("name", connection.name);
  if (connection.transport == vault::Transport::http) {
    json.text("transport", "http").text("url", connection.url);
  } else {
    json.text("transport", "stdio").texts("command", connection.command);
  }
  const bool over_http = connection.transport == vault::Transport::http && !state.era.empty();
  if (over_http) {
    json.text("http_transport", state.era == vault::kHttpWithSse ? "http+sse" : "streamable");
  }
  const bool enabled = connection.options.enabled;
  if (connection.role == vault::Role::identity_provider) json.text("role", "identity_provider");
  if (connection.oauth.grant != vault::Grant::authorization_code)
    json.text("grant", grant_name(connection.oauth.grant));
  json.text_if("sign_in_through", connection.oauth.identity_provider);
  json.text("auth", auth_name(connection.auth)).flag("enabled", enabled);
  json.text("health", to_string(standing_of(connection, state)));
  json.text_if("preset", connection.preset).text_if("origin", connection.origin);
  json.text_if("detail", enabled ? state.detail : "somebody disabled it");
  json.text_if("hint", enabled ? state.hint : "gatehouse enable " + connection.name);
  json.time("checked_at", state.checked_at).time("ready_at", state.ready_at);
  return json;
}

}  // namespace gatehouse::cli
