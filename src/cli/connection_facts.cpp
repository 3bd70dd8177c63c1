#include "cli/connection_facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/connections.hpp"
#include "config/placeholder.hpp"

namespace gatehouse::cli {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

/// Placeholders in full, "…" for the characters around them, which may be a secret.
std::string show_reference(const std::string& reference) {
  const Result<config::Template> parsed = config::parse_template(reference);
  if (!parsed) return "(a reference that cannot be read)";
  std::string out;
  for (config::Piece piece : parsed->pieces) {
    if (piece.source == config::Source::literal) {
      out += "…";
      continue;
    }
    if (!piece.otherwise.empty()) piece.otherwise = "…";
    out += config::to_text({{std::move(piece)}});
  }
  return out;
}

std::string show_value(const vault::NamedSecret& one) {
  return one.reference.empty() ? "(a value, not shown)" : show_reference(one.reference);
}

/// Of the secrets of a sign-in, where they are read.
Facts sign_in_references(const vault::OAuthSettings& oauth) {
  Facts facts;
  const auto add = [&](const char* name, const std::string& reference) {
    if (!reference.empty()) facts.emplace_back(name, show_reference(reference));
  };
  add("secret", oauth.client_secret_reference);
  add("key", oauth.private_key_reference);
  add("assertion", oauth.assertion_reference);
  return facts;
}

std::string secrets_json(const std::vector<vault::NamedSecret>& all) {
  std::vector<std::string> rows;
  for (const vault::NamedSecret& one : all) {
    JsonObject row;
    row.text("name", one.name);
    if (!one.reference.empty()) row.text("reference", show_reference(one.reference));
    rows.push_back(row.str());
  }
  return json_array(rows);
}

}  // namespace

Facts facts_of(const vault::Connection& connection) {
  Facts facts;
  if (connection.transport == vault::Transport::http) {
    facts.emplace_back("contacts", connection.url);
  } else {
    facts.emplace_back("runs", address_of(connection));
    facts.emplace_back("in",
                       connection.directory.empty() ? "your home directory" : connection.directory);
  }
  for (const vault::NamedSecret& one : connection.environment)
    facts.emplace_back("with variable", fmt::format("{}={}", one.name, show_value(one)));
  for (const vault::NamedSecret& one : connection.headers)
    facts.emplace_back("sends header", fmt::format("{}={}", one.name, show_value(one)));
  const vault::OAuthSettings& oauth = connection.oauth;
  facts.emplace_back("signs in at", oauth.issuer);
  facts.emplace_back("as client", oauth.client_id);
  for (auto& [name, reference] : sign_in_references(oauth))
    facts.emplace_back("with " + name, std::move(reference));
  facts.emplace_back("asks for scope", fmt::format("{}", fmt::join(oauth.scopes, " ")));
  facts.emplace_back("back to", oauth.redirect_uri);
  facts.emplace_back("identity provider", oauth.identity_provider);
  for (const std::string& root : connection.options.roots) facts.emplace_back("tells root", root);
  std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
  return facts;
}

void add_facts(JsonObject& json, const vault::Connection& connection) {
  json.text_if("directory", connection.directory);
  if (!connection.environment.empty()) json.raw("variables", secrets_json(connection.environment));
  if (!connection.headers.empty()) json.raw("headers", secrets_json(connection.headers));
  const vault::OAuthSettings& oauth = connection.oauth;
  JsonObject sign_in;
  sign_in.text_if("issuer", oauth.issuer).text_if("client_id", oauth.client_id);
  for (const auto& [name, reference] : sign_in_references(oauth)) sign_in.text(name, reference);
  sign_in.text_if("redirect_uri", oauth.redirect_uri);
  sign_in.text_if("identity_provider", oauth.identity_provider);
  if (!oauth.scopes.empty()) sign_in.texts("scopes", oauth.scopes);
  if (sign_in.str() != "{}") json.raw("oauth", sign_in.str());
  if (!connection.options.roots.empty()) json.texts("roots", connection.options.roots);
}

}  // namespace gatehouse::cli
