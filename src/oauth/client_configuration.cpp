#include "oauth/client_configuration.hpp"

namespace gatehouse::oauth {
namespace {

http::Request make_request(std::string_view method, std::string_view uri, const Secret& token) {
  http::Request request;
  request.method = method;
  request.target = uri;
  request.headers.add("Authorization", "Bearer " + std::string(token.reveal()));
  request.headers.add("Accept", "application/json");
  return request;
}

}  // namespace

http::Request make_client_read_request(std::string_view registration_client_uri,
                                       const Secret& registration_access_token) {
  return make_request("GET", registration_client_uri, registration_access_token);
}

http::Request make_client_delete_request(std::string_view registration_client_uri,
                                         const Secret& registration_access_token) {
  return make_request("DELETE", registration_client_uri, registration_access_token);
}

bool says_client_is_gone(int status) {
  return status == 401 || status == 404 || status == 410;
}

}  // namespace gatehouse::oauth
