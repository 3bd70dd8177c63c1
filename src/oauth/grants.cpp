#include "oauth/grants.hpp"

namespace gatehouse::oauth {
namespace {

void add_if(FormFields& fields, std::string_view name, std::string_view value) {
  if (!value.empty()) fields.emplace_back(std::string(name), std::string(value));
}

}  // namespace

http::Request make_client_credentials_request(std::string_view token_endpoint,
                                              std::string_view scope, std::string_view resource,
                                              const ClientAuthentication& client) {
  FormFields fields{{"grant_type", std::string(kClientCredentialsGrant)}};
  add_if(fields, "scope", scope);
  add_if(fields, "resource", resource);
  return make_form_request(token_endpoint, std::move(fields), client);
}

http::Request make_jwt_bearer_request(std::string_view token_endpoint, const Secret& assertion,
                                      std::string_view scope, std::string_view resource,
                                      const ClientAuthentication& client) {
  FormFields fields{{"grant_type", std::string(kJwtBearerGrant)},
                    {"assertion", std::string(assertion.reveal())}};
  add_if(fields, "scope", scope);
  add_if(fields, "resource", resource);
  return make_form_request(token_endpoint, std::move(fields), client);
}

http::Request make_identity_exchange_request(std::string_view token_endpoint,
                                             const IdentityExchange& exchange,
                                             const ClientAuthentication& client) {
  FormFields fields{{"grant_type", std::string(kTokenExchangeGrant)},
                    {"requested_token_type", "urn:ietf:params:oauth:token-type:id-jag"},
                    {"subject_token", std::string(exchange.id_token.reveal())},
                    {"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}};
  add_if(fields, "audience", exchange.audience);
  add_if(fields, "resource", exchange.resource);
  add_if(fields, "scope", exchange.scope);
  return make_form_request(token_endpoint, std::move(fields), client);
}

}  // namespace gatehouse::oauth
