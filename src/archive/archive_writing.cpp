#include <fmt/format.h>

#include "archive/archive.hpp"
#include "archive/passphrase.hpp"
#include "base/encoding.hpp"
#include "jsonrpc/json.hpp"
#include "vault/record_details.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::archive {
namespace {

using jsonrpc::quote;

/// A JSON object, member by member.
class Object {
 public:
  Object& text(std::string_view name, std::string_view value) { return raw(name, quote(value)); }
  Object& number(std::string_view name, std::int64_t value) {
    return raw(name, std::to_string(value));
  }
  Object& raw(std::string_view name, std::string_view json) {
    text_ += text_.empty() ? "" : ",\n";
    text_ += quote(name);
    text_ += ": ";
    text_ += json;
    return *this;
  }
  /// Base64, so that any byte comes through.
  Object& secret(std::string_view name, const Secret& value) {
    return value.empty() ? *this : text(name, base64_encode(value.reveal()));
  }
  std::string str() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

template <class Range, class F>
std::string array(const Range& range, F to_json) {
  std::string out;
  for (const auto& element : range) out += (out.empty() ? "" : ",\n") + to_json(element);
  return "[" + out + "]";
}

std::string texts(const std::vector<std::string>& values) {
  return array(values, [](const std::string& value) { return quote(value); });
}

std::string pairs(const vault::Details& details) {
  return array(details, [](const auto& pair) {
    return "[" + quote(pair.first) + "," + quote(pair.second) + "]";
  });
}

std::string secret_pairs(const vault::SecretDetails& details) {
  return array(details, [](const auto& pair) {
    return "[" + quote(pair.first) + "," + quote(base64_encode(pair.second.reveal())) + "]";
  });
}

std::int64_t milliseconds(SystemTime time) {
  return time.time_since_epoch().count();
}

std::string names(const std::vector<vault::NamedSecret>& among) {
  return array(among, [](const vault::NamedSecret& one) { return quote(one.name); });
}

/// References are no secrets, but they stand among them in a record.
std::string references(const vault::Connection& connection) {
  vault::Connection bare = connection;
  bare.oauth.private_key = Secret();
  return array(vault::secret_details_of(bare), [](const auto& pair) {
    return "[" + quote(pair.first) + "," + quote(pair.second.reveal()) + "]";
  });
}

std::string connection_json(const vault::Connection& connection) {
  Object out;
  out.text("id", connection.id.value).text("name", connection.name);
  out.text("transport", vault::name_in(vault::kTransportNames, connection.transport));
  out.text("url", connection.url).raw("command", texts(connection.command));
  out.text("directory", connection.directory);
  out.text("auth", vault::name_in(vault::kAuthKindNames, connection.auth));
  out.text("mode", vault::name_in(vault::kCredentialModeNames, connection.mode));
  out.raw("headers", names(connection.headers)).raw("environment", names(connection.environment));
  out.text("client_id", connection.oauth.client_id).text("issuer", connection.oauth.issuer);
  out.raw("scopes", texts(connection.oauth.scopes));
  out.number("redirect_port", connection.oauth.redirect_port);
  out.text("redirect_path", connection.oauth.redirect_path);
  out.raw("allowances", array(connection.allowances, [](const http::Allowance& allowance) {
            return "[" + quote(allowance.origin) + "," +
                   quote(vault::name_in(vault::kPurposeNames, allowance.purpose)) + "]";
          }));
  out.raw("details", pairs(vault::details_of(connection)));
  out.raw("references", references(connection));
  out.number("created_at", milliseconds(connection.created_at));
  return out.str();
}

std::string connection_secrets(const vault::Connection& connection) {
  const auto values = [](const std::vector<vault::NamedSecret>& among) {
    return array(among, [](const vault::NamedSecret& one) {
      return quote(base64_encode(one.value.reveal()));
    });
  };
  return Object()
      .text("id", connection.id.value)
      .secret("client_secret", connection.oauth.client_secret)
      .secret("private_key", connection.oauth.private_key)
      .raw("headers", values(connection.headers))
      .raw("environment", values(connection.environment))
      .str();
}

std::string registration_json(const vault::Registration& registration) {
  Object out;
  out.text("id", registration.id.value).text("issuer", registration.issuer);
  out.text("kind", vault::name_in(vault::kRegistrationKindNames, registration.kind));
  out.text("client_id", registration.client_id).text("auth_method", registration.auth_method);
  out.raw("redirect_uris", texts(registration.redirect_uris));
  if (registration.secret_expires_at)
    out.number("secret_expires_at", milliseconds(*registration.secret_expires_at));
  out.text("registration_client_uri", registration.registration_client_uri);
  out.number("created_at", milliseconds(registration.created_at));
  out.raw("details", pairs(vault::details_of(registration)));
  out.secret("client_secret", registration.client_secret);
  out.secret("registration_access_token", registration.registration_access_token);
  out.raw("secrets", secret_pairs(vault::secret_details_of(registration)));
  return out.str();
}

std::string credential_json(const vault::Credential& credential) {
  Object out;
  out.text("connection", credential.key.connection.value).text("account", credential.key.account);
  if (credential.key.owner) out.text("owner", credential.key.owner->value);
  const vault::CredentialBinding& binding = credential.binding;
  out.text("issuer", binding.issuer).text("resource", binding.resource);
  out.text("registration", binding.registration.value);
  out.text("token_endpoint", binding.token_endpoint);
  out.text("revocation_endpoint", binding.revocation_endpoint);
  out.text("server_url", binding.server_url);
  if (credential.tokens.expires_at)
    out.number("expires_at", milliseconds(*credential.tokens.expires_at));
  out.number("obtained_at", milliseconds(credential.tokens.obtained_at));
  out.text("scope", credential.tokens.scope).text("requested_scope", credential.requested_scope);
  out.text("subject", credential.subject);
  out.raw("details", pairs(vault::details_of(credential)));
  out.secret("access_token", credential.tokens.access_token);
  out.secret("refresh_token", credential.tokens.refresh_token);
  out.raw("secrets", secret_pairs(vault::secret_details_of(credential)));
  return out.str();
}

std::string sealed_json(const Sealed& sealed) {
  return Object()
      .text("kdf", "argon2id13")
      .text("salt", base64_encode(sealed.salt))
      .number("operations", static_cast<std::int64_t>(sealed.operations))
      .number("memory", static_cast<std::int64_t>(sealed.memory))
      .text("cipher", "xchacha20poly1305-ietf")
      .text("nonce", base64_encode(sealed.nonce))
      .text("ciphertext", base64_encode(sealed.ciphertext))
      .str();
}

}  // namespace

Result<std::string> make_archive(const Contents& contents,
                                 const std::optional<Secret>& passphrase) {
  const std::string connections = array(contents.connections, connection_json);
  Object file;
  file.text("format", "gatehouse-export").number("version", 1).raw("connections", connections);
  if (passphrase) {
    const Secret plain(Object()
                           .raw("connections", array(contents.connections, connection_secrets))
                           .raw("registrations", array(contents.registrations, registration_json))
                           .raw("credentials", array(contents.credentials, credential_json))
                           .str());
    const Result<Sealed> sealed = seal(plain.reveal(), connections, *passphrase);
    if (!sealed) return std::unexpected(sealed.error());
    file.raw("sealed", sealed_json(*sealed));
  }
  return file.str() + "\n";
}

}  // namespace gatehouse::archive
