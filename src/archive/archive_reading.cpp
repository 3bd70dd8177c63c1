#include <fmt/format.h>

#include <map>
#include <set>

#include "archive/archive.hpp"
#include "archive/passphrase.hpp"
#include "base/encoding.hpp"
#include "http/url.hpp"
#include "jsonrpc/json.hpp"
#include "vault/record_details.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::archive {
namespace {

using jsonrpc::JsonView;

constexpr std::size_t kMostElements = 1000;  // of one list within a record

/// Reads members and remembers the first that is missing or of another kind.
class Reader {
 public:
  Reader(JsonView object, std::string what, std::string& problem)
      : object_(object), what_(std::move(what)), problem_(problem) {
    if (!object.is_object()) complain("", "is not an object");
  }

  std::string text(std::string_view name) {
    const std::optional<std::string> found = object_.string(name);
    if (!found) complain(name, "is missing or not a text");
    return found.value_or("");
  }
  std::int64_t number(std::string_view name) {
    const std::optional<std::int64_t> found = object_.integer(name);
    if (!found) complain(name, "is missing or not a number");
    return found.value_or(0);
  }
  SystemTime time(std::string_view name) {
    return SystemTime(std::chrono::milliseconds(number(name)));
  }
  std::optional<SystemTime> maybe_time(std::string_view name) {
    if (!object_.find(name)) return std::nullopt;
    return time(name);
  }
  std::optional<std::string> maybe_text(std::string_view name) {
    if (!object_.find(name)) return std::nullopt;
    return text(name);
  }
  /// Empty when it is missing.
  Secret secret(std::string_view name) {
    const std::optional<JsonView> found = object_.find(name);
    return found ? decode(name, found->as_string()) : Secret();
  }
  template <class E, std::size_t N>
  E value(const vault::NameTable<E, N>& table, std::string_view name) {
    const std::optional<E> found = vault::value_in(table, text(name));
    if (!found) complain(name, "has a value that this build does not know");
    return found.value_or(table[0].first);
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    for (const JsonView element : list(name)) {
      const std::optional<std::string> text = element.as_string();
      if (!text) complain(name, "has something else than texts in it");
      out.push_back(text.value_or(""));
    }
    return out;
  }
  std::vector<Secret> secrets(std::string_view name) {
    std::vector<Secret> out;
    for (const JsonView element : list(name)) out.push_back(decode(name, element.as_string()));
    return out;
  }
  vault::Details pairs(std::string_view name) {
    vault::Details out;
    for (const JsonView element : list(name)) {
      std::vector<std::string> two;
      for (const JsonView part : element.elements()) two.push_back(part.as_string().value_or(""));
      if (two.size() != 2) complain(name, "is not a list of pairs");
      if (two.size() == 2) out.emplace_back(std::move(two[0]), std::move(two[1]));
    }
    return out;
  }
  vault::SecretDetails secret_pairs(std::string_view name) {
    vault::SecretDetails out;
    for (auto& [key, value] : pairs(name)) out.emplace_back(key, decode(name, value));
    return out;
  }
  void complain(std::string_view name, std::string_view how) {
    if (problem_.empty()) problem_ = fmt::format("{}: {} {}", what_, name, how);
  }

 private:
  std::vector<JsonView> list(std::string_view name) {
    std::vector<JsonView> out;
    const std::optional<JsonView> found = object_.find(name);
    if (!found || !found->is_array()) {
      complain(name, "is missing or not a list");
      return out;
    }
    for (const JsonView element : found->elements()) {
      if (out.size() == kMostElements) {
        complain(name, "is too long");
        return out;
      }
      out.push_back(element);
    }
    return out;
  }
  Secret decode(std::string_view name, const std::optional<std::string>& base64) {
    std::optional<std::string> bytes = base64 ? base64_decode(*base64) : std::nullopt;
    if (!bytes) complain(name, "is not base64");
    return Secret(std::move(bytes).value_or(""));
  }

  JsonView object_;
  std::string what_;
  std::string& problem_;
};

vault::SecretDetails to_secrets(const vault::Details& references) {
  vault::SecretDetails out;
  for (const auto& [key, value] : references) {
    if (key != "oauth.private_key") out.emplace_back(key, Secret(value));
  }
  return out;
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 32 || name[0] == '-' || name[0] == '_') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == name.npos;
}

/// What no `gatehouse add` would have let in.
Result<void> check(const vault::Connection& connection) {
  if (!is_name(connection.name))
    return fail(Errc::invalid_argument, fmt::format("{} is not the name of a connection",
                                                    quote_remote(connection.name, 60)));
  if (connection.id.value.empty() || connection.id.value.size() > 64)
    return fail(Errc::parse, connection.name + ": its id is missing or too long");
  if (connection.transport == vault::Transport::stdio) {
    if (connection.command.empty())
      return fail(Errc::invalid_argument, connection.name + ": its command is empty");
    return {};
  }
  const Result<http::Url> url = http::Url::parse(connection.url, "the URL of " + connection.name);
  if (!url) return fail(Errc::invalid_argument, url.error().detail);
  return {};
}

Result<vault::Connection> read_connection(JsonView view) {
  std::string problem;
  Reader in(view, "a connection", problem);
  vault::Connection out;
  out.organization = local_organization();
  out.id.value = in.text("id");
  out.name = in.text("name");
  out.transport = in.value(vault::kTransportNames, "transport");
  out.url = in.text("url");
  out.command = in.texts("command");
  out.directory = in.text("directory");
  out.auth = in.value(vault::kAuthKindNames, "auth");
  out.mode = in.value(vault::kCredentialModeNames, "mode");
  for (std::string& name : in.texts("headers")) out.headers.push_back({std::move(name), {}, {}});
  for (std::string& name : in.texts("environment"))
    out.environment.push_back({std::move(name), {}, {}});
  out.oauth.client_id = in.text("client_id");
  out.oauth.issuer = in.text("issuer");
  out.oauth.scopes = in.texts("scopes");
  const std::int64_t port = in.number("redirect_port");
  if (port < 0 || port > 65535) in.complain("redirect_port", "is not a port");
  out.oauth.redirect_port = static_cast<std::uint16_t>(port);
  out.oauth.redirect_path = in.text("redirect_path");
  for (auto& [origin, purpose] : in.pairs("allowances")) {
    if (const auto known = vault::value_in(vault::kPurposeNames, purpose))
      out.allowances.push_back({std::move(origin), *known});
  }
  out.created_at = in.time("created_at");
  if (!vault::apply_details(in.pairs("details"), out))
    in.complain("details", "have a value that this build does not know");
  vault::apply_details(to_secrets(in.pairs("references")), out);
  if (!problem.empty()) return fail(Errc::parse, problem);
  // The approval of a project's file holds on the machine where it was given.
  out.origin.clear();
  out.origin_digest.clear();
  out.origin_missing_since.reset();
  if (const Result<void> fine = check(out); !fine) return std::unexpected(fine.error());
  return out;
}

void read_secrets(Reader& in, std::string_view name, std::vector<vault::NamedSecret>& into) {
  std::vector<Secret> values = in.secrets(name);
  if (values.size() != into.size()) {
    in.complain(name, "do not match the connection");
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) into[i].value = std::move(values[i]);
}

vault::Registration read_registration(Reader in) {
  vault::Registration out;
  out.organization = local_organization();
  out.id.value = in.text("id");
  out.issuer = in.text("issuer");
  out.kind = in.value(vault::kRegistrationKindNames, "kind");
  out.client_id = in.text("client_id");
  out.auth_method = in.text("auth_method");
  out.redirect_uris = in.texts("redirect_uris");
  out.secret_expires_at = in.maybe_time("secret_expires_at");
  out.registration_client_uri = in.text("registration_client_uri");
  out.created_at = in.time("created_at");
  vault::apply_details(in.pairs("details"), out);
  out.client_secret = in.secret("client_secret");
  out.registration_access_token = in.secret("registration_access_token");
  vault::apply_details(in.secret_pairs("secrets"), out);
  return out;
}

vault::Credential read_credential(Reader in) {
  vault::Credential out;
  out.key.organization = local_organization();
  out.key.connection.value = in.text("connection");
  out.key.account = in.text("account");
  if (std::optional<std::string> owner = in.maybe_text("owner")) {
    if (owner->empty()) in.complain("owner", "is empty");
    out.key.owner = MemberId{std::move(*owner)};
  }
  out.binding.issuer = in.text("issuer");
  out.binding.resource = in.text("resource");
  out.binding.registration.value = in.text("registration");
  out.binding.token_endpoint = in.text("token_endpoint");
  out.binding.revocation_endpoint = in.text("revocation_endpoint");
  out.binding.server_url = in.text("server_url");
  out.tokens.expires_at = in.maybe_time("expires_at");
  out.tokens.obtained_at = in.time("obtained_at");
  out.tokens.scope = in.text("scope");
  out.requested_scope = in.text("requested_scope");
  out.subject = in.text("subject");
  vault::apply_details(in.pairs("details"), out);
  out.tokens.access_token = in.secret("access_token");
  out.tokens.refresh_token = in.secret("refresh_token");
  vault::apply_details(in.secret_pairs("secrets"), out);
  return out;
}

Result<std::vector<JsonView>> list_of(JsonView view, std::string_view name, std::size_t most) {
  const std::optional<JsonView> found = view.find(name);
  if (!found || !found->is_array())
    return fail(Errc::parse, fmt::format("{} is missing or not a list", name));
  std::vector<JsonView> out;
  for (const JsonView element : found->elements()) {
    if (out.size() == most)
      return fail(Errc::too_large, fmt::format("it has more than {} {}", most, name));
    out.push_back(element);
  }
  return out;
}

Result<JsonView> parse_file(std::string_view text) {
  if (text.size() > kFileBytes) return fail(Errc::too_large, "the file is larger than any export");
  Result<JsonView> file = JsonView::parse(text, "the file");
  if (!file) return std::unexpected(file.error());
  if (file->string("format") != "gatehouse-export")
    return fail(Errc::parse, "the file is not an export of gatehouse",
                "make one with: gatehouse export --output FILE");
  const std::optional<std::int64_t> version = file->integer("version");
  if (!version || *version < 1) return fail(Errc::parse, "the file has no version");
  if (*version > 1)
    return fail(Errc::unsupported,
                fmt::format("the file was written by a newer Gatehouse (version {})", *version),
                "use that newer Gatehouse");
  return file;
}

Result<Sealed> read_sealed(JsonView view) {
  std::string problem;
  Reader in(view, "sealed", problem);
  if (in.text("kdf") != "argon2id13" || in.text("cipher") != "xchacha20poly1305-ietf")
    return fail(Errc::unsupported, "the sealed part is of a kind that this build does not know");
  Sealed out;
  const std::int64_t operations = in.number("operations");
  const std::int64_t memory = in.number("memory");
  out.operations = operations < 0 ? 0 : static_cast<std::uint64_t>(operations);
  out.memory = memory < 0 ? 0 : static_cast<std::uint64_t>(memory);
  out.salt = std::string(in.secret("salt").reveal());
  out.nonce = std::string(in.secret("nonce").reveal());
  out.ciphertext = std::string(in.secret("ciphertext").reveal());
  if (!problem.empty()) return fail(Errc::parse, problem);
  return out;
}

Result<void> read_logins(JsonView plain, Contents& out) {
  std::string problem;
  std::map<std::string, vault::Connection*> by_id;
  for (vault::Connection& connection : out.connections) by_id[connection.id.value] = &connection;
  const auto connections = list_of(plain, "connections", kMostConnections);
  if (!connections) return std::unexpected(connections.error());
  for (const JsonView view : *connections) {
    Reader in(view, "a connection's secrets", problem);
    const auto found = by_id.find(in.text("id"));
    if (found == by_id.end()) continue;
    found->second->oauth.client_secret = in.secret("client_secret");
    found->second->oauth.private_key = in.secret("private_key");
    read_secrets(in, "headers", found->second->headers);
    read_secrets(in, "environment", found->second->environment);
  }
  const auto registrations = list_of(plain, "registrations", kMostLogins);
  if (!registrations) return std::unexpected(registrations.error());
  for (const JsonView view : *registrations)
    out.registrations.push_back(read_registration(Reader(view, "a registration", problem)));
  const auto credentials = list_of(plain, "credentials", kMostLogins);
  if (!credentials) return std::unexpected(credentials.error());
  for (const JsonView view : *credentials) {
    out.credentials.push_back(read_credential(Reader(view, "a login", problem)));
    if (!by_id.contains(out.credentials.back().key.connection.value))
      return fail(Errc::parse, "a login belongs to a connection that is not in the file");
  }
  if (!problem.empty()) return fail(Errc::parse, problem);
  return {};
}

Result<Outline> outline_of(JsonView file) {
  Outline out;
  const auto connections = list_of(file, "connections", kMostConnections);
  if (!connections) return std::unexpected(connections.error());
  std::set<std::string> seen;
  for (const JsonView view : *connections) {
    Result<vault::Connection> one = read_connection(view);
    if (!one) return std::unexpected(one.error());
    if (!seen.insert("name " + one->name).second || !seen.insert("id " + one->id.value).second)
      return fail(Errc::parse, fmt::format("{} is in the file twice", one->name));
    out.connections.push_back(std::move(*one));
  }
  out.sealed = file.find("sealed").has_value();
  return out;
}

}  // namespace

Result<Outline> read_outline(std::string_view text) {
  const Result<JsonView> file = parse_file(text);
  if (!file) return std::unexpected(file.error());
  return outline_of(*file);
}

Result<Contents> read_archive(std::string_view text, const Secret& passphrase) {
  const Result<JsonView> file = parse_file(text);
  if (!file) return std::unexpected(file.error());
  Result<Outline> outline = outline_of(*file);
  if (!outline) return std::unexpected(outline.error());
  Contents out{.connections = std::move(outline->connections)};
  if (!outline->sealed) return out;
  const Result<Sealed> sealed = read_sealed(*file->find("sealed"));
  if (!sealed) return std::unexpected(sealed.error());
  const Result<Secret> plain = open(*sealed, file->find("connections")->raw(), passphrase);
  if (!plain) return std::unexpected(plain.error());
  const Result<JsonView> logins = JsonView::parse(plain->reveal(), "the sealed part");
  if (!logins) return std::unexpected(logins.error());
  if (const Result<void> read = read_logins(*logins, out); !read)
    return std::unexpected(read.error());
  return out;
}

}  // namespace gatehouse::archive
