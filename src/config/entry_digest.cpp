// What an approval covers (design §4.8): everything that decides what is run, contacted, read, sent
// and told. Two entries with the same digest do the same.
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "config/mcp_entry_json.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::config {
namespace {

/// Fields in a fixed order, each with its length, so that none can pass for part of another.
class Canonical final {
 public:
  Canonical& add(std::string_view key, std::string_view value) {
    for (const std::string_view part : {key, value}) {
      text_ += std::to_string(part.size()) + ":";
      text_ += part;
    }
    return *this;
  }
  Canonical& add(std::string_view key, const std::vector<std::string>& values) {
    for (const std::string& value : values) add(key, value);
    return *this;
  }
  Canonical& add(std::string_view key, const std::vector<vault::NamedSecret>& values) {
    for (const vault::NamedSecret& one : values) {
      add(key, one.name);
      add("value", one.value.reveal());
      add("reference", one.reference);
    }
    return *this;
  }
  template <class T>
  Canonical& add(std::string_view key, const std::optional<T>& value) {
    if (!value) return *this;
    if constexpr (std::is_integral_v<T>)
      return add(key, std::to_string(*value));
    else
      return add(key, std::to_string(value->count()));
  }
  std::string hash() const { return hex_encode(sha256(text_)); }

 private:
  std::string text_;
};

}  // namespace

void digest(FileEntry& entry) {
  const vault::Connection& connection = entry.connection;
  const vault::OAuthSettings& oauth = connection.oauth;
  const vault::ConnectionOptions& options = connection.options;
  Canonical covered;
  covered.add("format", "1").add("name", entry.name);
  covered.add("allow_private", entry.allow_private ? "yes" : "no");
  covered.add("url", connection.url).add("command", connection.command);
  covered.add("directory", connection.directory).add("environment", connection.environment);
  covered.add("header", connection.headers).add("root", options.roots);
  covered.add("tools.include", options.tools.include).add("tools.exclude", options.tools.exclude);
  covered.add("auth", vault::name_in(vault::kAuthKindNames, connection.auth));
  covered.add("client_id", oauth.client_id).add("client_secret", oauth.client_secret.reveal());
  covered.add("client_secret_reference", oauth.client_secret_reference);
  covered.add("private_key", oauth.private_key.reveal());
  covered.add("private_key_reference", oauth.private_key_reference);
  covered.add("issuer", oauth.issuer).add("scope", oauth.scopes);
  covered.add("redirect_port", std::to_string(oauth.redirect_port));
  covered.add("redirect_uri", oauth.redirect_uri);
  // Approvals are older than this field: the default adds nothing.
  if (oauth.redirect_path != vault::OAuthSettings().redirect_path)
    covered.add("redirect_path", oauth.redirect_path);
  covered.add("grant", vault::name_in(vault::kGrantNames, oauth.grant));
  covered.add("auth_method", oauth.auth_method).add("key_id", oauth.key_id);
  covered.add("signing_algorithm", oauth.signing_algorithm);
  covered.add("assertion", oauth.assertion_reference);
  covered.add("identity_provider", oauth.identity_provider);
  covered.add("dpop", vault::name_in(vault::kDpopNames, oauth.dpop));
  if (options.on_change != vault::OnChange::allow)
    covered.add("on_change", vault::name_in(vault::kOnChangeNames, options.on_change));
  entry.digest = covered.hash();

  Canonical rest;
  rest.add("enabled", options.enabled ? "yes" : "no").add("log_level", options.log_level);
  rest.add("connect", options.connect_timeout).add("request", options.request_timeout);
  rest.add("idle", options.idle_timeout).add("retries", options.read_retries);
  entry.rest = rest.hash();
}

}  // namespace gatehouse::config
