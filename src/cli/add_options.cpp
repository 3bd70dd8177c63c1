#include "cli/add_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "cli/connections.hpp"
#include "config/mcp_json.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

constexpr const char* kDetails =
    R"(Gatehouse finds out what the server needs, says why, signs in and lists the tools. Secrets never
stand on the command line. env:VARIABLE, file:PATH, command:PROGRAM ARGUMENTS and keyring:NAME are
kept as they are and read each time the server is opened, where gatehouse then runs; --keep reads
them once and keeps the value encrypted, as it does with what is typed at a prompt.

Examples:
  gatehouse add notion                       (known by name: gatehouse presets)
  gatehouse add work-notion --preset notion
  gatehouse add tickets https://mcp.example.com/mcp
  gatehouse add tickets https://mcp.example.com/mcp --dry-run
  gatehouse add local http://127.0.0.1:3000/mcp --allow-loopback
  gatehouse add search https://api.example.com/mcp --bearer env:SEARCH_KEY
  gatehouse add vault https://api.example.com/mcp --bearer 'command:op read op://work/api/key'
  gatehouse add files -- npx -y @modelcontextprotocol/server-filesystem /home/me/notes
  gatehouse add crm https://crm.example.com/mcp --client-id gatehouse --client-secret-file secret
  gatehouse add crm https://crm.example.com/mcp --client-id gatehouse --private-key file:key.pem

Without a browser, for machines:
  gatehouse add crm URL --grant client_credentials --client-id ID --client-secret-file secret
  gatehouse add crm URL --grant jwt_bearer --assertion file:/var/run/secrets/token

Through an identity provider of an organization:
  gatehouse add okta --identity-provider https://acme.okta.com --client-id ID
  gatehouse add crm URL --sign-in-through okta --client-id ID --client-secret-file secret)";

constexpr std::string_view kNameRule = "gatehouse add NAME URL, or gatehouse add NAME -- COMMAND";

Error no_address(const std::string& name) {
  return {Errc::invalid_argument,
          fmt::format("{} is not known by name, so it needs a URL or a command.{}",
                      quote_remote(name, 60), suggest_presets(name)),
          std::string(kNameRule) + "; gatehouse presets lists what is known by name"};
}

Result<void> check_together(const AddOptions& o) {
  const bool is_command = !o.command.empty();
  const bool is_provider = !o.grant.identity_provider.empty();
  if (is_provider && (is_command || !o.url.empty() || !o.headers.empty() || !o.bearer.empty()))
    return fail(Errc::invalid_argument, "an identity provider is added by its issuer alone",
                "gatehouse add NAME --identity-provider ISSUER --client-id ID");
  if (!is_provider && !is_command && o.url.empty()) return std::unexpected(no_address(o.name));
  if (!is_provider && is_command == !o.url.empty())
    return fail(Errc::invalid_argument, "a connection has either a URL or a command",
                std::string(kNameRule));
  const bool http_flags = !o.headers.empty() || !o.bearer.empty() || !o.client_id.empty() ||
                          !o.scopes.empty() || o.redirect.given() || !o.issuer.empty() ||
                          o.grant.key.given();
  if (is_command && http_flags)
    return fail(Errc::invalid_argument,
                "headers and sign-in flags are for URLs; a command takes --env and --cwd");
  if (!is_command && (!o.environment.empty() || !o.directory.empty()))
    return fail(Errc::invalid_argument, "--env and --cwd are for commands");
  const bool has_secret = o.client_secret_stdin || !o.client_secret_file.empty();
  if (o.device && o.no_browser)
    return fail(Errc::invalid_argument,
                "--device and --no-browser exclude each other: a code or a link");
  if (has_secret && o.client_id.empty())
    return fail(Errc::invalid_argument, "a client secret needs --client-id");
  if (const Result<void> origins = check_origins(o.allowed_origins); !origins) return origins;
  if (o.client_secret_stdin && !o.client_secret_file.empty())
    return fail(Errc::invalid_argument,
                "--client-secret-stdin and --client-secret-file exclude "
                "each other");
  return {};
}

Task<Result<void>> read_headers(Services& services, const AddOptions& options,
                                vault::Connection& connection) {
  for (const std::string& text : options.headers) {
    const Result<HeaderSource> header = parse_header_source(text);
    if (!header) co_return std::unexpected(header.error());
    if (const Result<void> free = config::check_header_name(header->name); !free)
      co_return fail(Errc::invalid_argument, "--header: " + free.error().detail, free.error().hint);
    if (options.dry_run && header->source.asks()) {
      connection.headers.push_back({header->name, Secret(), {}});
      continue;
    }
    Result<vault::NamedSecret> secret =
        co_await obtain(services, header->source, header->name,
                        fmt::format("Value of {}", header->name), "", options.keep_values());
    if (!secret) co_return std::unexpected(secret.error());
    connection.headers.push_back(std::move(*secret));
  }
  if (options.bearer.empty()) co_return Result<void>{};
  const Result<SecretSource> source = parse_secret_source(options.bearer, "--bearer");
  if (!source) co_return std::unexpected(source.error());
  if (options.dry_run && source->asks()) {
    connection.headers.push_back({"Authorization", Secret(), {}});
    co_return Result<void>{};
  }
  Result<vault::NamedSecret> secret = co_await obtain(
      services, *source, "Authorization", "Bearer token", "Bearer ", options.keep_values());
  if (!secret) co_return std::unexpected(secret.error());
  connection.headers.push_back(std::move(*secret));
  co_return Result<void>{};
}

// Variables of a child are not secrets by themselves; those that are come by reference or prompt.
Task<Result<void>> read_environment(Services& services, const AddOptions& options,
                                    vault::Connection& connection) {
  for (const std::string& text : options.environment) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (name.empty()) co_return fail(Errc::invalid_argument, "--env takes NAME=VALUE");
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (equals != std::string::npos && !is_secret_source(value)) {
      connection.environment.push_back({name, Secret(value), {}});
      continue;
    }
    const Result<SecretSource> source = parse_secret_source(value, "--env");
    if (!source) co_return std::unexpected(source.error());
    if (options.dry_run && source->asks()) {
      connection.environment.push_back({name, Secret(), {}});
      continue;
    }
    Result<vault::NamedSecret> secret =
        co_await obtain(services, *source, name, "Value of " + name, "", options.keep_values());
    if (!secret) co_return std::unexpected(secret.error());
    connection.environment.push_back(std::move(*secret));
  }
  co_return Result<void>{};
}

// Where a command runs: where it was typed, if it names files there; else the home directory.
std::string directory_of(const AddOptions& options) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (!options.directory.empty()) return here / options.directory;
  for (const std::string& word : options.command) {
    const bool relative = !word.empty() && !word.starts_with("/") && !word.starts_with("-");
    if (relative && word.find('/') != std::string::npos && std::filesystem::exists(word, error))
      return here;
  }
  return {};
}

}  // namespace

Result<std::uint16_t> parse_redirect_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0)
    return fail(Errc::invalid_argument, "--redirect-port takes a port from 1 to 65535");
  return port;
}

Result<const Preset*> preset_of(const AddOptions& options) {
  const bool own = !options.command.empty() || !options.grant.identity_provider.empty();
  if (options.preset == "none" || (options.preset.empty() && own)) return nullptr;
  if (options.preset.empty()) return find_preset(options.name);
  if (own) return fail(Errc::invalid_argument, "--preset is for servers with a URL of their own");
  if (const Preset* preset = find_preset(options.preset)) return preset;
  return fail(Errc::invalid_argument,
              fmt::format("there is no preset {}.{}", quote_remote(options.preset, 60),
                          suggest_presets(options.preset)),
              "gatehouse presets lists them");
}

CommandSpec add_spec(AddOptions& o) {
  CommandSpec spec;
  spec.name = "add";
  spec.summary = "Connect an MCP server: a known name, a URL, or a command after --";
  spec.details = kDetails;
  spec.after_dashes = &o.command;
  spec.arguments = {
      {"name", "A short name of your own for it", &o.name, Argument::Presence::required},
      {"url", "Where the server answers; not needed for a name of `gatehouse presets`", &o.url},
      {"--preset", "Use what is known of this server under another name; none: do not", &o.preset},
      {"--header",
       "NAME=env:VARIABLE, file:PATH, command:PROGRAM or keyring:NAME, or NAME to be asked; "
       "repeatable",
       &o.headers},
      {"--bearer", "Where a token is, as for --header; sent as Authorization: Bearer", &o.bearer},
      {"--env", "NAME=VALUE, NAME=env:VARIABLE (or as for --header) or NAME; repeatable",
       &o.environment},
      {"--keep", "Read secrets now and keep them encrypted", &o.keep},
      {"--cwd", "Working directory of the command", &o.directory},
      {"--client-id", "OAuth client registered beforehand", &o.client_id},
      {"--client-secret-stdin", "Read its secret from standard input", &o.client_secret_stdin},
      {"--client-secret-file", "Read its secret from a file", &o.client_secret_file},
      {"--scope", "Scope to ask for in addition; repeatable", &o.scopes},
      {"--redirect-port", "Loopback port that is registered for the client", &o.redirect.port},
      {"--redirect-path", "Path that is registered with it", &o.redirect.path},
      {"--redirect-uri", "The whole redirect URI, where it is another one", &o.redirect.uri},
      {"--issuer", "Authorization server to use, where the server names several", &o.issuer},
      {"--allow-loopback", "Allow what is on this machine without asking", &o.allow_loopback},
      {"--allow", "Allow this origin in a private network or without encryption; repeatable",
       &o.allowed_origins},
      {"--yes", "Answer yes to questions about this machine", &o.yes},
      {"--no-login", "Only add it; sign in later", &o.no_login},
      {"--dry-run", "Ask the server what it needs and say what would be stored; store nothing",
       &o.dry_run},
      {"--no-browser", "Show the link instead of opening a browser", &o.no_browser},
      {"--device", "Sign in with a code typed on another device", &o.device},
      {"--qr", "Show a QR code of the link", &o.qr},
      {"--json", "Print JSON", &o.json},
  };
  add_settings_flags(spec.arguments, o.settings);
  add_grant_arguments(spec.arguments, o.grant);
  return spec;
}

namespace {

Result<vault::Connection> with_settings(const AddOptions& options, vault::Connection connection) {
  const Result<void> applied = apply_settings(options.settings, connection.options);
  if (!applied) return std::unexpected(applied.error());
  return connection;
}

}  // namespace

Result<vault::Connection> make_connection(const AddOptions& given) {
  if (const Result<void> name = check_connection_name(given.name); !name) {
    Error error = name.error();
    if (given.name.find("://") != std::string::npos) error.hint = kNameRule;
    return std::unexpected(error);
  }
  const Result<const Preset*> preset = preset_of(given);
  if (!preset) return std::unexpected(preset.error());
  AddOptions options = given;
  if (*preset != nullptr && options.url.empty()) options.url = (*preset)->url;
  if (const Result<void> fits = check_together(options); !fits)
    return std::unexpected(fits.error());
  vault::Connection connection;
  connection.id = ConnectionId::make();
  connection.name = options.name;
  if (!options.command.empty()) {
    connection.transport = vault::Transport::stdio;
    connection.auth = vault::AuthKind::none;
    connection.command = options.command;
    connection.directory = directory_of(options);
    return with_settings(options, std::move(connection));
  }
  const std::string& issuer = options.grant.identity_provider;
  const Result<http::Url> url = issuer.empty()
                                    ? http::Url::parse(options.url, "the server's URL")
                                    : http::Url::parse(issuer, "the identity provider's issuer");
  if (!url) return std::unexpected(url.error());
  connection.url = issuer.empty() ? options.url : issuer;
  connection.oauth.client_id = options.client_id;
  connection.oauth.issuer = options.issuer;
  connection.oauth.scopes = options.scopes;
  if (const Result<void> good = apply_redirect(options.redirect, connection.oauth); !good)
    return std::unexpected(good.error());
  if (const Result<void> applied = apply_grant(options.grant, connection); !applied)
    return std::unexpected(applied.error());
  if (*preset != nullptr) apply_preset(**preset, connection);
  return with_settings(options, std::move(connection));
}

Task<Result<void>> read_secrets(Services& services, const AddOptions& options,
                                vault::Connection& connection) {
  if (options.client_secret_stdin) {
    Result<std::string> text = co_await services.terminal.read_all(limits::kHeaderBytes);
    if (!text) co_return std::unexpected(text.error());
    Result<Secret> secret = check_secret(std::move(*text), "standard input");
    if (!secret) co_return std::unexpected(secret.error());
    connection.oauth.client_secret = std::move(*secret);
  } else if (!options.client_secret_file.empty()) {
    const Result<SecretSource> source =
        parse_secret_source("file:" + options.client_secret_file, "--client-secret-file");
    if (!source) co_return std::unexpected(source.error());
    Result<Secret> secret = co_await read_now(services, *source);
    if (!secret) co_return std::unexpected(secret.error());
    connection.oauth.client_secret = std::move(*secret);
  }
  if (Result<void> proves = check_grant(connection); !proves) co_return proves;
  if (Result<void> key = co_await try_private_key(services, options.grant.key, connection.oauth);
      !key)
    co_return key;
  if (Result<void> read = co_await read_headers(services, options, connection); !read)
    co_return read;
  co_return co_await read_environment(services, options, connection);
}

}  // namespace gatehouse::cli
