#include "vault/record_details.hpp"

#include <charconv>

#include "vault/fields.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::vault {
namespace {

using std::chrono::milliseconds;

void add(Details& details, std::string key, std::string_view value) {
  if (!value.empty()) details.emplace_back(std::move(key), std::string(value));
}

void add(SecretDetails& secrets, std::string key, const Secret& value) {
  if (!value.empty()) secrets.emplace_back(std::move(key), value);
}

void add(Details& details, std::string key, const std::optional<milliseconds>& value) {
  if (value) details.emplace_back(std::move(key), std::to_string(value->count()));
}

bool read(std::string_view text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool read(std::string_view text, std::optional<milliseconds>& value) {
  std::int64_t number = 0;
  if (!read(text, number) || number < 0) return false;
  value = milliseconds(number);
  return true;
}

/// Milliseconds since 1970 UTC.
void add_time(Details& details, std::string key, const std::optional<SystemTime>& value) {
  if (!value) return;
  const auto since = std::chrono::floor<milliseconds>(value->time_since_epoch());
  details.emplace_back(std::move(key), std::to_string(since.count()));
}

void read_time(std::string_view text, std::optional<SystemTime>& value) {
  std::int64_t number = 0;
  if (read(text, number)) value = SystemTime(milliseconds(number));
}

/// How a connection's plain texts are called in its details.
struct TextKey {
  std::string_view key;
  std::string OAuthSettings::* field;
};
constexpr TextKey kOAuthTexts[] = {
    {"oauth.redirect_uri", &OAuthSettings::redirect_uri},
    {"oauth.auth_method", &OAuthSettings::auth_method},
    {"oauth.signing_algorithm", &OAuthSettings::signing_algorithm},
    {"oauth.key_id", &OAuthSettings::key_id},
    {"oauth.identity_provider", &OAuthSettings::identity_provider},
};
/// References decide what is read and sent, so they are sealed like the secrets they stand for.
constexpr TextKey kOAuthReferences[] = {
    {"oauth.client_secret_reference", &OAuthSettings::client_secret_reference},
    {"oauth.private_key_reference", &OAuthSettings::private_key_reference},
    {"oauth.assertion_reference", &OAuthSettings::assertion_reference},
};
constexpr std::string_view kHeader = "header.";
constexpr std::string_view kVariable = "environment.";

bool apply_option(std::string_view key, const std::string& value, ConnectionOptions& options) {
  if (key == "enabled") {
    options.enabled = value != "no";
  } else if (key == "tools.include") {
    options.tools.include.push_back(value);
  } else if (key == "tools.exclude") {
    options.tools.exclude.push_back(value);
  } else if (key == "connect_timeout") {
    return read(value, options.connect_timeout);
  } else if (key == "request_timeout") {
    return read(value, options.request_timeout);
  } else if (key == "idle_timeout") {
    return read(value, options.idle_timeout);
  } else if (key == "read_retries") {
    std::int64_t number = 0;
    if (!read(value, number)) return false;
    options.read_retries = static_cast<int>(number);
  } else if (key == "root") {
    options.roots.push_back(value);
  } else if (key == "log_level") {
    options.log_level = value;
  } else if (key == "on_change") {
    const auto found = value_in(kOnChangeNames, value);
    // What a later version may say is at least as strict.
    options.on_change = found.value_or(OnChange::block);
    return found.has_value();
  }
  return true;
}

void add_options(Details& details, const ConnectionOptions& options) {
  if (!options.enabled) add(details, "enabled", "no");
  for (const std::string& glob : options.tools.include) add(details, "tools.include", glob);
  for (const std::string& glob : options.tools.exclude) add(details, "tools.exclude", glob);
  add(details, "connect_timeout", options.connect_timeout);
  add(details, "request_timeout", options.request_timeout);
  add(details, "idle_timeout", options.idle_timeout);
  if (options.read_retries) add(details, "read_retries", std::to_string(*options.read_retries));
  for (const std::string& root : options.roots) add(details, "root", root);
  add(details, "log_level", options.log_level);
  if (options.on_change != OnChange::allow)
    add(details, "on_change", name_in(kOnChangeNames, options.on_change));
}

template <class E, std::size_t N>
bool read(const NameTable<E, N>& table, std::string_view text, E& value) {
  const auto found = value_in(table, text);
  if (found) value = *found;
  return found.has_value();
}

void set_reference(std::vector<NamedSecret>& among, std::string_view name, const Secret& value) {
  for (NamedSecret& one : among)
    if (one.name == name) one.reference = std::string(value.reveal());
}

}  // namespace

std::string encode_details(const Details& details) {
  std::vector<std::string_view> fields;
  for (const auto& [key, value] : details) {
    fields.emplace_back(key);
    fields.emplace_back(value);
  }
  return encode_fields(fields);
}

std::optional<Details> decode_details(std::string_view blob) {
  const auto fields = decode_fields(blob);
  if (!fields || fields->size() % 2 != 0) return std::nullopt;
  Details details;
  for (std::size_t i = 0; i < fields->size(); i += 2)
    details.emplace_back((*fields)[i], (*fields)[i + 1]);
  return details;
}

std::optional<std::string> seal_details(const SecretDetails& secrets, const Sealer& sealer,
                                        const Place& place) {
  if (secrets.empty()) return std::nullopt;
  std::vector<std::string_view> plain;
  for (const auto& [key, value] : secrets) {
    plain.emplace_back(key);
    plain.push_back(value.reveal());
  }
  return sealer.seal_all(plain, place);
}

Result<SecretDetails> open_details(std::string_view sealed, const Sealer& sealer,
                                   const Place& place) {
  const Result<Secret> plain = sealer.open(sealed, place);
  if (!plain) return std::unexpected(plain.error());
  const auto fields = decode_fields(plain->reveal());
  if (!fields || fields->size() % 2 != 0)
    return fail(Errc::corrupt, "it holds other fields than this build knows");
  SecretDetails secrets;
  for (std::size_t i = 0; i < fields->size(); i += 2)
    secrets.emplace_back(std::string((*fields)[i]), Secret(std::string((*fields)[i + 1])));
  return secrets;
}

Details details_of(const Connection& connection) {
  Details details;
  add_options(details, connection.options);
  for (const auto& [key, field] : kOAuthTexts)
    add(details, std::string(key), connection.oauth.*field);
  if (connection.oauth.grant != Grant::authorization_code)
    add(details, "oauth.grant", name_in(kGrantNames, connection.oauth.grant));
  if (connection.oauth.dpop != Dpop::automatic)
    add(details, "oauth.dpop", name_in(kDpopNames, connection.oauth.dpop));
  if (connection.role != Role::server) add(details, "role", name_in(kRoleNames, connection.role));
  add(details, "preset", connection.preset);
  if (connection.default_account != "default")
    add(details, "default_account", connection.default_account);
  add(details, "origin", connection.origin);
  add(details, "origin_digest", connection.origin_digest);
  add_time(details, "origin_missing_since", connection.origin_missing_since);
  return details;
}

SecretDetails secret_details_of(const Connection& connection) {
  SecretDetails secrets;
  add(secrets, "oauth.private_key", connection.oauth.private_key);
  for (const auto& [key, field] : kOAuthReferences)
    add(secrets, std::string(key), Secret(connection.oauth.*field));
  for (const NamedSecret& header : connection.headers)
    add(secrets, std::string(kHeader) + header.name, Secret(header.reference));
  for (const NamedSecret& variable : connection.environment)
    add(secrets, std::string(kVariable) + variable.name, Secret(variable.reference));
  return secrets;
}

bool apply_details(const Details& details, Connection& connection) {
  bool understood = true;
  for (const auto& [key, value] : details) {
    for (const auto& [name, field] : kOAuthTexts)
      if (key == name) connection.oauth.*field = value;
    if (key == "oauth.grant") {
      understood &= read(kGrantNames, value, connection.oauth.grant);
    } else if (key == "oauth.dpop") {
      understood &= read(kDpopNames, value, connection.oauth.dpop);
    } else if (key == "role") {
      understood &= read(kRoleNames, value, connection.role);
    } else if (key == "default_account") {
      connection.default_account = value;
    } else if (key == "preset") {
      connection.preset = value;
    } else if (key == "origin") {
      connection.origin = value;
    } else if (key == "origin_digest") {
      connection.origin_digest = value;
    } else if (key == "origin_missing_since") {
      read_time(value, connection.origin_missing_since);
    } else {
      understood &= apply_option(key, value, connection.options);
    }
  }
  return understood;
}

void apply_details(SecretDetails secrets, Connection& connection) {
  for (auto& [key, value] : secrets) {
    const std::string_view name = key;
    for (const auto& [known, field] : kOAuthReferences)
      if (name == known) connection.oauth.*field = std::string(value.reveal());
    if (name == "oauth.private_key") {
      connection.oauth.private_key = std::move(value);
    } else if (name.starts_with(kHeader)) {
      set_reference(connection.headers, name.substr(kHeader.size()), value);
    } else if (name.starts_with(kVariable)) {
      set_reference(connection.environment, name.substr(kVariable.size()), value);
    }
  }
}

Details details_of(const Credential& credential) {
  Details details;
  if (credential.tokens.token_type != "Bearer")
    add(details, "token_type", credential.tokens.token_type);
  return details;
}

SecretDetails secret_details_of(const Credential& credential) {
  SecretDetails secrets;
  add(secrets, "id_token", credential.tokens.id_token);
  add(secrets, "dpop_key", credential.dpop_key);
  return secrets;
}

void apply_details(const Details& details, Credential& credential) {
  for (const auto& [key, value] : details)
    if (key == "token_type") credential.tokens.token_type = value;
}

void apply_details(SecretDetails secrets, Credential& credential) {
  for (auto& [key, value] : secrets) {
    if (key == "id_token") {
      credential.tokens.id_token = std::move(value);
    } else if (key == "dpop_key") {
      credential.dpop_key = std::move(value);
    }
  }
}

Details details_of(const Registration& registration) {
  Details details;
  add(details, "signing_algorithm", registration.signing_algorithm);
  add(details, "key_id", registration.key_id);
  add_time(details, "refused_at", registration.refused_at);
  add_time(details, "claimed_at", registration.claimed_at);
  return details;
}

SecretDetails secret_details_of(const Registration& registration) {
  SecretDetails secrets;
  add(secrets, "private_key", registration.private_key);
  return secrets;
}

void apply_details(const Details& details, Registration& registration) {
  for (const auto& [key, value] : details) {
    if (key == "signing_algorithm") registration.signing_algorithm = value;
    if (key == "key_id") registration.key_id = value;
    if (key == "refused_at") read_time(value, registration.refused_at);
    if (key == "claimed_at") read_time(value, registration.claimed_at);
  }
}

void apply_details(SecretDetails secrets, Registration& registration) {
  for (auto& [key, value] : secrets)
    if (key == "private_key") registration.private_key = std::move(value);
}

Details details_of(const Authorization& authorization) {
  Details details;
  add(details, "nonce", authorization.nonce);
  if (authorization.dpop) add(details, "dpop", "yes");
  return details;
}

void apply_details(const Details& details, Authorization& authorization) {
  for (const auto& [key, value] : details) {
    if (key == "nonce") authorization.nonce = value;
    if (key == "dpop") authorization.dpop = value == "yes";
  }
}

}  // namespace gatehouse::vault
