#include "oauth/registration.hpp"

#include <algorithm>

#include "http/url.hpp"

namespace gatehouse::oauth {
namespace {

// Absent means client_secret_basic (RFC 8414 §2).
std::vector<std::string> offered_methods(const AuthorizationServerMetadata& server) {
  return server.token_endpoint_auth_methods_supported.value_or(
      std::vector<std::string>{"client_secret_basic"});
}

bool offers(const AuthorizationServerMetadata& server, ClientAuthMethod method) {
  const std::vector<std::string> methods = offered_methods(server);
  return std::ranges::find(methods, to_string(method)) != methods.end();
}

std::unexpected<Error> no_method(const AuthorizationServerMetadata& server) {
  std::string names;
  for (const std::string& name : offered_methods(server))
    names += (names.empty() ? "" : ", ") + quote_remote(name, 40);
  return fail(Errc::unsupported,
              "the authorization server offers only client authentication that is not supported "
              "here: " +
                  names);
}

ClientAuthMethod method_with_secret(const AuthorizationServerMetadata& server) {
  if (!offers(server, ClientAuthMethod::client_secret_basic) &&
      offers(server, ClientAuthMethod::client_secret_post)) {
    return ClientAuthMethod::client_secret_post;
  }
  return ClientAuthMethod::client_secret_basic;
}

}  // namespace

std::string_view application_type(const std::vector<std::string>& redirect_uris) {
  for (const std::string& uri : redirect_uris) {
    const auto url = http::Url::parse(uri);
    if (!url || !url->names_loopback()) return "web";
  }
  return "native";
}

Result<ClientAuthMethod> choose_auth_method(const AuthorizationServerMetadata& server) {
  for (const auto method : {ClientAuthMethod::none, ClientAuthMethod::client_secret_basic,
                            ClientAuthMethod::client_secret_post}) {
    if (offers(server, method)) return method;
  }
  return no_method(server);
}

Result<ClientAuthMethod> settle_auth_method(const RegistrationResponse& response,
                                            const AuthorizationServerMetadata& server) {
  const auto named = parse_auth_method(response.auth_method);
  // We register no keys, so a client that is to use one is not what we asked for.
  if (named == ClientAuthMethod::private_key_jwt) return no_method(server);
  const bool has_secret = !response.client_secret.empty();
  if (!has_secret) {
    if (!named && !response.auth_method.empty()) return no_method(server);
    return ClientAuthMethod::none;
  }
  // Figma registers "none", hands out a secret and then insists on it: the metadata decides.
  if (named == ClientAuthMethod::none && !offers(server, ClientAuthMethod::none))
    return method_with_secret(server);
  if (named) return *named;
  if (!response.auth_method.empty()) return no_method(server);
  return method_with_secret(server);
}

Result<ClientAuthMethod> preregistered_auth_method(const PreregisteredClient& client,
                                                   const AuthorizationServerMetadata& server) {
  if (!client.method.empty()) {
    const auto method = parse_auth_method(client.method);
    if (!method)
      return fail(Errc::unsupported, "client authentication by " + quote_remote(client.method, 40) +
                                         " is not supported");
    if (*method == ClientAuthMethod::private_key_jwt && !client.has_key)
      return fail(Errc::invalid_argument, "private_key_jwt needs a private key",
                  "give one with --private-key file:PATH");
    const bool by_secret = *method == ClientAuthMethod::client_secret_basic ||
                           *method == ClientAuthMethod::client_secret_post;
    if (by_secret && !client.has_secret)
      return fail(Errc::invalid_argument, client.method + " needs a client secret",
                  "give one with --client-secret-file");
    return *method;
  }
  if (client.has_key) return ClientAuthMethod::private_key_jwt;
  if (!client.has_secret) return ClientAuthMethod::none;
  return method_with_secret(server);
}

}  // namespace gatehouse::oauth
