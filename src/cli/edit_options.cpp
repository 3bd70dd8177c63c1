#include "cli/edit_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/encoding.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

constexpr const char* kDetails =
    R"(Only what is named changes; a list replaces the list that is there. A new URL, client or
authorization server ends the logins, after a yes: they belong to the old one. Secrets never stand
on the command line, as with `gatehouse add`.

Examples:
  gatehouse edit notion --exclude-tools 'delete_*' --exclude-tools 'drop_*'
  gatehouse edit notion --request-timeout 2m --read-retries 2
  gatehouse edit notion --on-change block
  gatehouse edit search --bearer env:SEARCH_KEY
  gatehouse edit search --url https://api.example.com/v2/mcp
  gatehouse edit files --root /home/me/notes -- npx -y @modelcontextprotocol/server-filesystem
  gatehouse edit notion --reset tools --reset request-timeout)";

bool same_header(std::string_view a, std::string_view b) {
  return ascii_lower(a) == ascii_lower(b);
}

Result<void> check_fit(const EditOptions& o, const vault::Connection& connection) {
  const AddOptions& f = o.flags;
  const bool is_command = connection.transport == vault::Transport::stdio;
  const bool http_flags = !f.url.empty() || !f.headers.empty() || !f.bearer.empty() ||
                          !f.client_id.empty() || f.client_secret_stdin ||
                          !f.client_secret_file.empty() || !f.scopes.empty() ||
                          f.redirect.given() || f.grant.key.given() || !f.issuer.empty() ||
                          !f.allowed_origins.empty() || !o.remove_headers.empty();
  const bool command_flags = !f.command.empty() || !f.environment.empty() || !f.directory.empty() ||
                             !o.remove_environment.empty();
  if (is_command && http_flags) {
    return fail(Errc::invalid_argument,
                fmt::format("{} is a command: URL, headers and sign-in flags are not for it",
                            connection.name),
                "--env, --cwd or a new command after -- change it");
  }
  if (!is_command && command_flags) {
    return fail(
        Errc::invalid_argument,
        fmt::format("{} has a URL: --env, --cwd and a command are not for it", connection.name));
  }
  if (connection.origin.empty()) return {};
  return fail(Errc::policy, fmt::format("{} comes from {}", connection.name, connection.origin),
              "change it there");
}

Result<void> change_address(const EditOptions& o, vault::Connection& connection) {
  const AddOptions& f = o.flags;
  if (!f.url.empty()) {
    const Result<http::Url> url = http::Url::parse(f.url, "the server's URL");
    if (!url) return std::unexpected(url.error());
    connection.url = f.url;
  }
  if (!f.command.empty()) connection.command = f.command;
  if (!f.directory.empty()) {
    std::error_code error;
    const std::filesystem::path directory = std::filesystem::absolute(f.directory, error);
    if (!std::filesystem::is_directory(directory, error))
      return fail(Errc::invalid_argument,
                  fmt::format("--cwd: there is no directory {}", quote_remote(f.directory, 120)));
    connection.directory = directory.lexically_normal().string();
  }
  return {};
}

Result<void> change_sign_in(const EditOptions& o, vault::Connection& connection) {
  const AddOptions& f = o.flags;
  vault::OAuthSettings& oauth = connection.oauth;
  if (!f.client_id.empty() && f.client_id != oauth.client_id) {
    oauth.client_id = f.client_id;
    oauth.client_secret = Secret();  // the old one belongs to the old client
    oauth.client_secret_reference.clear();
    oauth.private_key = Secret();
    oauth.private_key_reference.clear();
  }
  if (const Result<void> keyed = apply_key_flags(f.grant.key, oauth); !keyed) return keyed;
  const bool has_secret = f.client_secret_stdin || !f.client_secret_file.empty();
  if (has_secret && oauth.client_id.empty())
    return fail(Errc::invalid_argument, "a client secret needs --client-id");
  if (!f.issuer.empty()) oauth.issuer = f.issuer;
  if (!f.scopes.empty()) oauth.scopes = f.scopes;
  return f.redirect.given() ? apply_redirect(f.redirect, oauth) : Result<void>();
}

using SameName = bool (*)(std::string_view, std::string_view);

Result<void> remove_named(const std::vector<std::string>& names, std::string_view flag,
                          SameName same, std::vector<vault::NamedSecret>& from) {
  for (const std::string& name : names) {
    const auto gone = std::erase_if(
        from, [&](const vault::NamedSecret& secret) { return same(secret.name, name); });
    if (gone == 0)
      return fail(Errc::invalid_argument,
                  fmt::format("{}: there is none called {}", flag, quote_remote(name, 60)));
  }
  return {};
}

void put_named(std::vector<vault::NamedSecret> given, SameName same,
               std::vector<vault::NamedSecret>& into) {
  for (vault::NamedSecret& secret : given) {
    std::erase_if(into, [&](const auto& known) { return same(known.name, secret.name); });
    into.push_back(std::move(secret));
  }
}

// A key takes the place of the sign-in; without one the server decides again.
void settle_auth(const vault::Connection& before, vault::Connection& connection) {
  if (connection.transport == vault::Transport::stdio) return;
  const bool had_key = before.auth == vault::AuthKind::headers;
  const bool carries_key = std::ranges::any_of(
      connection.headers,
      [](const vault::NamedSecret& header) { return same_header(header.name, "Authorization"); });
  if (carries_key || (had_key && !connection.headers.empty())) {
    connection.auth = vault::AuthKind::headers;
  } else if (had_key) {
    connection.auth = vault::AuthKind::unknown;
  }
}

}  // namespace

CommandSpec edit_spec(EditOptions& o) {
  AddOptions& f = o.flags;
  CommandSpec spec;
  spec.name = "edit";
  spec.summary = "Change a connection: address, keys, sign-in, settings";
  spec.details = kDetails;
  spec.after_dashes = &f.command;
  spec.arguments = {
      {"name", "The connection", &f.name, Argument::Presence::required},
      {"--url", "Where the server answers now; ends the logins", &f.url},
      {"--header", "Set a header, as for `gatehouse add`; repeatable", &f.headers},
      {"--bearer", "Set the token that is sent as Authorization: Bearer", &f.bearer},
      {"--remove-header", "Send this header no more; repeatable", &o.remove_headers},
      {"--env", "Set a variable of the command, as for `gatehouse add`; repeatable",
       &f.environment},
      {"--remove-env", "Unset this variable; repeatable", &o.remove_environment},
      {"--keep", "Read secrets now and keep them encrypted", &f.keep},
      {"--cwd", "Working directory of the command", &f.directory},
      {"--client-id", "OAuth client registered beforehand; ends the logins", &f.client_id},
      {"--client-secret-stdin", "Read its secret from standard input", &f.client_secret_stdin},
      {"--client-secret-file", "Read its secret from a file", &f.client_secret_file},
      {"--scope", "Scopes to ask for in addition, instead of those there are; repeatable",
       &f.scopes},
      {"--redirect-port", "Loopback port that is registered for the client", &f.redirect.port},
      {"--redirect-path", "Path that is registered with it", &f.redirect.path},
      {"--redirect-uri", "The whole redirect URI, where it is another one", &f.redirect.uri},
      {"--issuer", "Authorization server to use; ends the logins", &f.issuer},
  };
  add_key_arguments(spec.arguments, f.grant.key);
  add_settings_flags(spec.arguments, f.settings);
  const std::vector<Argument> rest{
      {"--reset", "Built-in value again: tools, request-timeout, roots …; repeatable", &o.resets},
      {"--allow-loopback", "Allow what is on this machine without asking", &f.allow_loopback},
      {"--allow", "Allow this origin in a private network or without encryption; repeatable",
       &f.allowed_origins},
      {"--no-check", "Do not ask a new URL what it needs", &o.no_check},
      {"--yes", "Do not ask before logins end", &f.yes},
      {"--json", "Print JSON", &f.json},
  };
  spec.arguments.insert(spec.arguments.end(), rest.begin(), rest.end());
  return spec;
}

Task<Result<void>> apply_edit(Services& services, const EditOptions& options,
                              vault::Connection& connection) {
  const vault::Connection before = connection;
  if (const Result<void> sound = check_origins(options.flags.allowed_origins); !sound)
    co_return sound;
  for (const Result<void>&done :
       {check_fit(options, connection), change_address(options, connection),
        change_sign_in(options, connection),
        remove_named(options.remove_headers, "--remove-header", same_header, connection.headers),
        remove_named(
            options.remove_environment, "--remove-env",
            [](std::string_view a, std::string_view b) { return a == b; },
            connection.environment)}) {
    if (!done) co_return done;
  }
  for (const std::string& name : options.resets) {
    if (const Result<void> reset = reset_setting(name, connection.options); !reset) co_return reset;
  }
  if (const Result<void> set = apply_settings(options.flags.settings, connection.options); !set)
    co_return set;
  vault::Connection fresh = connection;  // whose secrets are the new ones only
  fresh.headers.clear();
  fresh.environment.clear();
  if (const Result<void> read = co_await read_secrets(services, options.flags, fresh); !read)
    co_return read;
  const bool new_secret =
      options.flags.client_secret_stdin || !options.flags.client_secret_file.empty();
  if (new_secret) {
    connection.oauth.client_secret = fresh.oauth.client_secret;
    connection.oauth.client_secret_reference.clear();
  }
  put_named(std::move(fresh.headers), same_header, connection.headers);
  put_named(
      std::move(fresh.environment), [](std::string_view a, std::string_view b) { return a == b; },
      connection.environment);
  // What cannot be read any more makes way for what is given anew.
  const AddOptions& flags = options.flags;
  if (!flags.headers.empty() || !flags.bearer.empty() || !flags.environment.empty() || new_secret)
    connection.secrets_problem.clear();
  settle_auth(before, connection);
  co_return Result<void>{};
}

}  // namespace gatehouse::cli
