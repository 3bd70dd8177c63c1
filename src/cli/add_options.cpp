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
stand on the command line. env:VARIABLE, file:PATH, command:PROGRAM ARGUMENTS and keyring:NAME are
kept as they are and read each time the server is opened, where gatehouse then runs; --keep reads
them once and keeps the value encrypted, as it does with what is typed at a prompt.

Examples:
  gatehouse add notion https://mcp.notion.com/mcp
  gatehouse add local http://127.0.0.1:3000/mcp --allow-loopback
  gatehouse add search https://api.example.com/mcp --bearer env:SEARCH_KEY
  gatehouse add vault https://api.example.com/mcp --bearer 'command:op read op://work/api/key'
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

Task<Result<void>> read_headers(Services& services, const AddOptions& options,
                                vault::Connection& connection) {
  for (const std::string& text : options.headers) {
    const Result<HeaderSource> header = parse_header_source(text);
    if (!header) co_return std::unexpected(header.error());
    Result<vault::NamedSecret> secret =
        co_await obtain(services, header->source, header->name,
                        fmt::format("Value of {}", header->name), "", options.keep_values());
    if (!secret) co_return std::unexpected(secret.error());
    connection.headers.push_back(std::move(*secret));
  }
  if (options.bearer.empty()) co_return Result<void>{};
  const Result<SecretSource> source = parse_secret_source(options.bearer, "--bearer");
  if (!source) co_return std::unexpected(source.error());
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

CommandSpec add_spec(AddOptions& o) {
  CommandSpec spec;
  spec.name = "add";
  spec.summary = "Connect an MCP server: a URL, or a command after --";
  spec.details = kDetails;
  spec.after_dashes = &o.command;
  spec.arguments = {
      {"name", "A short name of your own for it", &o.name, Argument::Presence::required},
      {"url", "Where the server answers", &o.url},
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
    const Result<SecretSource> source =
        parse_secret_source("file:" + options.client_secret_file, "--client-secret-file");
    if (!source) co_return std::unexpected(source.error());
    Result<Secret> secret = co_await read_now(services, *source);
    if (!secret) co_return std::unexpected(secret.error());
    connection.oauth.client_secret = std::move(*secret);
  }
  if (Result<void> read = co_await read_headers(services, options, connection); !read)
    co_return read;
  co_return co_await read_environment(services, options, connection);
}

}  // namespace gatehouse::cli
