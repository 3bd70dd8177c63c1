#include <boost/json.hpp>

#include "oauth/json_fields.hpp"
#include "oauth/metadata.hpp"

namespace gatehouse::oauth {

Result<ProtectedResourceMetadata> parse_protected_resource_metadata(std::string_view body) {
  const auto document = parse_object(body, "the protected resource metadata");
  if (!document) return std::unexpected(document.error());
  ProtectedResourceMetadata metadata{
      .resource = string_member(*document, "resource"),
      .authorization_servers =
          strings_member(*document, "authorization_servers").value_or(std::vector<std::string>{}),
      .scopes_supported =
          strings_member(*document, "scopes_supported").value_or(std::vector<std::string>{}),
      .resource_name = string_member(*document, "resource_name"),
      .resource_documentation = string_member(*document, "resource_documentation"),
      .dpop_bound_access_tokens_required =
          bool_member(*document, "dpop_bound_access_tokens_required"),
  };
  if (metadata.resource.empty())
    return fail(Errc::parse, "the protected resource metadata has no `resource`");
  return metadata;
}

Result<AuthorizationServerMetadata> parse_authorization_server_metadata(std::string_view body) {
  const auto document = parse_object(body, "the authorization server metadata");
  if (!document) return std::unexpected(document.error());
  AuthorizationServerMetadata metadata{
      .issuer = string_member(*document, "issuer"),
      .authorization_endpoint = string_member(*document, "authorization_endpoint"),
      .token_endpoint = string_member(*document, "token_endpoint"),
      .registration_endpoint = string_member(*document, "registration_endpoint"),
      .revocation_endpoint = string_member(*document, "revocation_endpoint"),
      .device_authorization_endpoint = string_member(*document, "device_authorization_endpoint"),
      .jwks_uri = string_member(*document, "jwks_uri"),
      .scopes_supported =
          strings_member(*document, "scopes_supported").value_or(std::vector<std::string>{}),
      .response_types_supported = strings_member(*document, "response_types_supported")
                                      .value_or(std::vector<std::string>{}),
      .grant_types_supported =
          strings_member(*document, "grant_types_supported").value_or(std::vector<std::string>{}),
      .token_endpoint_auth_methods_supported =
          strings_member(*document, "token_endpoint_auth_methods_supported"),
      .code_challenge_methods_supported =
          strings_member(*document, "code_challenge_methods_supported"),
      .iss_parameter_supported =
          bool_member(*document, "authorization_response_iss_parameter_supported"),
      .client_id_metadata_document_supported =
          bool_member(*document, "client_id_metadata_document_supported"),
      .dpop_signing_alg_values_supported =
          strings_member(*document, "dpop_signing_alg_values_supported")
              .value_or(std::vector<std::string>{}),
  };
  for (const auto& [name, value] : {std::pair{"issuer", &metadata.issuer},
                                    std::pair{"token_endpoint", &metadata.token_endpoint}}) {
    if (value->empty())
      return fail(Errc::parse,
                  std::string("the authorization server metadata has no `") + name + "`");
  }
  return metadata;
}

}  // namespace gatehouse::oauth
