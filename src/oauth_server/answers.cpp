#include "oauth_server/answers.hpp"

#include <algorithm>

#include "jsonrpc/json.hpp"

namespace gatehouse::oauth_server {

http::Response json_answer(int status, std::string body) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          std::move(body)};
}

http::Response failure_answer(const Failure& failure) {
  http::Response response = json_answer(
      failure.status, "{\"error\":" + jsonrpc::quote(failure.error) +
                          ",\"error_description\":" + jsonrpc::quote(failure.description) + "}");
  if (failure.status == 401) response.headers.add("WWW-Authenticate", "Basic realm=\"token\"");
  return response;
}

Outcome<Parameters> Parameters::parse(std::string_view encoded) {
  auto fields = form_decode(encoded);
  if (!fields) return refuse("invalid_request", "the parameters are not well encoded");
  Parameters parameters;
  parameters.fields_ = std::move(*fields);
  for (const auto& [name, value] : parameters.fields_) {
    if (name != "resource" && parameters.count(name) > 1) {
      return refuse("invalid_request", "a parameter is given twice");
    }
  }
  return parameters;
}

Outcome<Parameters> Parameters::parse_form(const http::Request& request) {
  const auto type = request.headers.find("Content-Type");
  if (!type || http::media_type(*type) != "application/x-www-form-urlencoded") {
    return refuse("invalid_request", "the body must be application/x-www-form-urlencoded");
  }
  return parse(request.body);
}

std::string_view Parameters::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name) return value;
  }
  return {};
}

std::size_t Parameters::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [name](const auto& field) { return field.first == name; }));
}

}  // namespace gatehouse::oauth_server
