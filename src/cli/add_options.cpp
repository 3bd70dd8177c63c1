#include "cli/add_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "cli/connections.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

constexpr const char* kDetails =
    R"(Gatehouse finds out what the server needs, says why, signs in and lists the tools. Secrets never
stand on the command line: they come from env:VARIABLE, file:PATH or a prompt.

Examples:
  gatehouse add notion https://mcp.notion.com/mcp
  gatehouse add local http://127.0.0.1:3000/mcp --allow-loopback
  gatehouse add search https://api.example.com/mcp --bearer env:SEARCH_KEY
  gatehouse add files -- npx -y @modelcontextprotocol/server-filesystem /home/me/notes
  gatehouse add crm https://crm.example.com/mcp --client-id gatehouse --client-secret-file secret)";

constexpr std::string_view kNameRule = "gatehouse add NAME URL, or gatehouse add NAME -- COMMAND";

Result<void> check_together(const AddOptions& o) {
  const bool is_command = !o.command.empty();
  if (is_command == !o.url.empty())
    return fail(Errc::invalid_argument, "a connection has either a URL or a command",
                std::string(kNameRule));
  const bool http_flags = !o.headers.empty() || !o.bearer.empty() || !o.client_id.empty() ||
                          !o.scopes.empty() || !o.redirect_port.empty() || !o.issuer.empty();
  if (is_command && http_flags)
    return fail(Errc::invalid_argument,
                "headers and sign-in flags are for URLs; a command takes --env and --cwd");
  if (!is_command && (!o.environment.empty() || !o.directory.empty()))
    return fail(Errc::invalid_argument, "--env and --cwd are for commands");
  const bool has_secret = o.client_secret_stdin || !o.client_secret_file.empty();
  if (has_secret && o.client_id.empty())
    return fail(Errc::invalid_argument, "a client secret needs --client-id");
  if (o.client_secret_stdin && !o.client_secret_file.empty())
    return fail(Errc::invalid_argument,
                "--client-secret-stdin and --client-secret-file exclude "
                "each other");
  return {};
}

Task<Result<Secret>> obtain(Services& services, SecretSource source, std::string question) {
  if (source.kind != SecretSource::Kind::prompt) co_return read_secret(source);
  Result<Secret> typed =
      co_await ask_secret(services.terminal, question, "give env:VARIABLE or file:PATH instead");
  if (!typed) co_return typed;
  co_return check_secret(std::string(typed->reveal()), "what was typed");
}

Task<Result<void>> read_headers(Services& services, const AddOptions& options,
                                vault::Connection& connection) {
  for (const std::string& text : options.headers) {
    const Result<HeaderSource> header = parse_header_source(text);
    if (!header) co_return std::unexpected(header.error());
    Result<Secret> value =
        co_await obtain(services, header->source, fmt::format("Value of {}", header->name));
    if (!value) co_return std::unexpected(value.error());
    connection.headers.push_back({header->name, std::move(*value)});
  }
  if (options.bearer.empty()) co_return Result<void>{};
  const Result<SecretSource> source = parse_secret_source(options.bearer, "--bearer");
  if (!source) co_return std::unexpected(source.error());
  Result<Secret> token = co_await obtain(services, *source, "Bearer token");
  if (!token) co_return std::unexpected(token.error());
  connection.headers.push_back({"Authorization", Secret("Bearer " + std::string(token->reveal()))});
  co_return Result<void>{};
}

// Variables of a child are not secrets by themselves; env: and file: keep those that are out of
// argv.
Task<Result<void>> read_environment(Services& services, const AddOptions& options,
                                    vault::Connection& connection) {
  for (const std::string& text : options.environment) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (name.empty()) co_return fail(Errc::invalid_argument, "--env takes NAME=VALUE");
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    const bool elsewhere =
        equals == std::string::npos || value.starts_with("env:") || value.starts_with("file:");
    if (!elsewhere) {
      connection.environment.push_back({std::string(name), Secret(value), {}});
      continue;
    }
    const Result<SecretSource> source = parse_secret_source(value, "--env");
    if (!source) co_return std::unexpected(source.error());
    Result<Secret> secret = co_await obtain(services, *source, "Value of " + name);
    if (!secret) co_return std::unexpected(secret.error());
    connection.environment.push_back({std::string(name), std::move(*secret), {}});
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

CommandSpec add_spec(AddOptions& o) {
  CommandSpec spec;
  spec.name = "add";
  spec.summary = "Connect an MCP server: a URL, or a command after --";
  spec.details = kDetails;
  spec.after_dashes = &o.command;
  spec.arguments = {
      {"name", "A short name of your own for it", &o.name, Argument::Presence::required},
      {"url", "Where the server answers", &o.url},
      {"--header", "NAME=env:VARIABLE, NAME=file:PATH or NAME to be asked; repeatable", &o.headers},
      {"--bearer", "env:VARIABLE or file:PATH of a token sent as Authorization: Bearer", &o.bearer},
      {"--env", "NAME=VALUE, NAME=env:VARIABLE or NAME for the command; repeatable",
       &o.environment},
      {"--cwd", "Working directory of the command", &o.directory},
      {"--client-id", "OAuth client registered beforehand", &o.client_id},
      {"--client-secret-stdin", "Read its secret from standard input", &o.client_secret_stdin},
      {"--client-secret-file", "Read its secret from a file", &o.client_secret_file},
      {"--scope", "Scope to ask for in addition; repeatable", &o.scopes},
      {"--redirect-port", "Loopback port that is registered for the client", &o.redirect_port},
      {"--issuer", "Authorization server to use, where the server names several", &o.issuer},
      {"--allow-loopback", "Allow what is on this machine without asking", &o.allow_loopback},
      {"--allow", "Allow this origin in a private network or without encryption; repeatable",
       &o.allowed_origins},
      {"--yes", "Answer yes to questions about this machine", &o.yes},
      {"--no-login", "Only add it; sign in later", &o.no_login},
      {"--no-browser", "Show the link instead of opening a browser", &o.no_browser},
      {"--json", "Print JSON", &o.json},
  };
  return spec;
}

Result<vault::Connection> make_connection(const AddOptions& options) {
  if (const Result<void> name = check_connection_name(options.name); !name) {
    Error error = name.error();
    if (options.name.find("://") != std::string::npos) error.hint = kNameRule;
    return std::unexpected(error);
  }
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
    return connection;
  }
  const Result<http::Url> url = http::Url::parse(options.url, "the server's URL");
  if (!url) return std::unexpected(url.error());
  connection.url = options.url;
  connection.oauth.client_id = options.client_id;
  connection.oauth.issuer = options.issuer;
  connection.oauth.scopes = options.scopes;
  if (!options.redirect_port.empty()) {
    const Result<std::uint16_t> port = parse_redirect_port(options.redirect_port);
    if (!port) return std::unexpected(port.error());
    connection.oauth.redirect_port = *port;
  }
  return connection;
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
    Result<Secret> secret = read_secret({SecretSource::Kind::file, options.client_secret_file});
    if (!secret) co_return std::unexpected(secret.error());
    connection.oauth.client_secret = std::move(*secret);
  }
  if (Result<void> read = co_await read_headers(services, options, connection); !read)
    co_return read;
  co_return co_await read_environment(services, options, connection);
}

}  // namespace gatehouse::cli
