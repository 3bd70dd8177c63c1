#include "config/mcp_text.hpp"

#include "config/mcp_json.hpp"
#include "config/placeholder.hpp"
#include "jsonrpc/json.hpp"
#include "vault/record_names.hpp"

namespace gatehouse::config {
namespace {

using jsonrpc::quote;

class Object final {
 public:
  Object& raw(std::string_view name, const std::string& json) {
    text_ += (text_.empty() ? "" : ",") + quote(name) + ":" + json;
    return *this;
  }
  Object& text(std::string_view name, const std::string& value) {
    if (!value.empty()) raw(name, quote(value));
    return *this;
  }
  Object& texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return *this;
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ",") + quote(value);
    return raw(name, "[" + list + "]");
  }
  Object& time(std::string_view name, const std::optional<std::chrono::milliseconds>& value) {
    if (value) raw(name, std::to_string(value->count()));
    return *this;
  }
  bool empty() const { return text_.empty(); }
  std::string str() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

using Filled = std::map<std::string, std::string>;

std::vector<std::string> escaped(std::vector<std::string> values) {
  for (std::string& value : values) value = escape(value);
  return values;
}

/// A reference, or what it leads to.
std::string shown(const std::string& reference, const Filled& filled) {
  const auto found = filled.find(reference);
  return found == filled.end() ? reference : escape(found->second);
}

Object secrets_object(const std::vector<vault::NamedSecret>& secrets, Kept kept,
                      const Filled& filled) {
  Object object;
  for (const vault::NamedSecret& secret : secrets) {
    if (!secret.reference.empty()) {
      object.raw(secret.name, quote(shown(secret.reference, filled)));
    } else if (kept == Kept::judged && ends_in_secret_word(secret.name)) {
      object.raw(secret.name, quote(kAsInFile));
    } else if (kept != Kept::left_out) {
      object.raw(secret.name, quote(escape(secret.value.reveal())));
    }
  }
  return object;
}

Object oauth_object(const vault::OAuthSettings& oauth, Kept kept, const Filled& filled) {
  Object object;
  object.text("clientId", escape(oauth.client_id));
  object.text("clientSecret", shown(oauth.client_secret_reference, filled));
  object.text("privateKey", shown(oauth.private_key_reference, filled));
  if (kept == Kept::shown) {
    object.text("clientSecret", escape(oauth.client_secret.reveal()));
    object.text("privateKey", escape(oauth.private_key.reveal()));
  }
  if (kept == Kept::judged) {
    if (!oauth.client_secret.empty()) object.text("clientSecret", std::string(kAsInFile));
    if (!oauth.private_key.empty()) object.text("privateKey", std::string(kAsInFile));
  }
  object.text("issuer", escape(oauth.issuer)).texts("scopes", escaped(oauth.scopes));
  if (oauth.redirect_port != 0) object.raw("redirectPort", std::to_string(oauth.redirect_port));
  if (oauth.redirect_path != vault::OAuthSettings().redirect_path)
    object.text("redirectPath", escape(oauth.redirect_path));
  object.text("redirectUri", escape(oauth.redirect_uri))
      .text("authMethod", escape(oauth.auth_method));
  if (oauth.grant != vault::Grant::authorization_code)
    object.text("grant", std::string(vault::name_in(vault::kGrantNames, oauth.grant)));
  object.text("signingAlgorithm", escape(oauth.signing_algorithm))
      .text("keyId", escape(oauth.key_id));
  object.text("assertion", shown(oauth.assertion_reference, filled));
  object.text("identityProvider", escape(oauth.identity_provider));
  if (oauth.dpop != vault::Dpop::automatic)
    object.text("dpop", std::string(vault::name_in(vault::kDpopNames, oauth.dpop)));
  return object;
}

void add_options(Object& object, const vault::ConnectionOptions& options) {
  if (!options.enabled) object.raw("disabled", "true");
  Object tools;
  tools.texts("include", escaped(options.tools.include))
      .texts("exclude", escaped(options.tools.exclude));
  if (!tools.empty()) object.raw("tools", tools.str());
  Object times;
  times.time("connect", options.connect_timeout).time("request", options.request_timeout);
  times.time("idle", options.idle_timeout);
  if (!times.empty()) object.raw("timeouts", times.str());
  if (options.read_retries) object.raw("retries", std::to_string(*options.read_retries));
  object.texts("roots", escaped(options.roots)).text("logLevel", options.log_level);
  if (options.on_change == vault::OnChange::block) object.text("onChange", "block");
}

std::string word_text(const std::string& word, Words words, const Filled& filled) {
  return words == Words::plain ? escape(word) : shown(word, filled);
}

}  // namespace

std::string entry_json(const vault::Connection& connection, Words words, Kept kept,
                       bool allow_private, const std::map<std::string, std::string>& filled) {
  Object object;
  if (connection.transport == vault::Transport::http) {
    object.text("url", word_text(connection.url, words, filled));
    if (allow_private) object.raw("allowPrivateNetwork", "true");
    const Object headers = secrets_object(connection.headers, kept, filled);
    if (!headers.empty()) object.raw("headers", headers.str());
    const Object oauth = oauth_object(connection.oauth, kept, filled);
    const bool wanted = words == Words::templates && connection.auth == vault::AuthKind::oauth;
    if (!oauth.empty())
      object.raw("oauth", oauth.str());
    else if (wanted)
      object.raw("oauth", "true");
  } else if (!connection.command.empty()) {
    std::vector<std::string> arguments;
    for (std::size_t i = 1; i < connection.command.size(); ++i)
      arguments.push_back(word_text(connection.command[i], words, filled));
    object.text("command", word_text(connection.command.front(), words, filled));
    object.texts("args", arguments);
    const Object environment = secrets_object(connection.environment, kept, filled);
    if (!environment.empty()) object.raw("env", environment.str());
    object.text("cwd", escape(connection.directory));
  }
  add_options(object, connection.options);
  return object.str();
}

std::vector<std::string> kept_values(const vault::Connection& connection) {
  std::vector<std::string> out;
  for (const vault::NamedSecret& header : connection.headers)
    if (header.reference.empty()) out.push_back("headers." + header.name);
  for (const vault::NamedSecret& variable : connection.environment)
    if (variable.reference.empty()) out.push_back("env." + variable.name);
  if (!connection.oauth.client_secret.empty()) out.emplace_back("oauth.clientSecret");
  if (!connection.oauth.private_key.empty()) out.emplace_back("oauth.privateKey");
  return out;
}

std::vector<std::string> references(const vault::Connection& connection, Words words) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& text) {
    const Result<Template> parsed = parse_template(text);
    if (parsed && !parsed->is_literal()) out.push_back(text);
  };
  for (const vault::NamedSecret& header : connection.headers) add(header.reference);
  for (const vault::NamedSecret& variable : connection.environment) add(variable.reference);
  add(connection.oauth.client_secret_reference);
  add(connection.oauth.private_key_reference);
  add(connection.oauth.assertion_reference);
  if (words == Words::templates) {
    add(connection.url);
    for (const std::string& word : connection.command) add(word);
  }
  return out;
}

}  // namespace gatehouse::config
