// Quirks of the token endpoint.
#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "demo/quirky_front.hpp"
#include "oauth_server/records.hpp"

namespace gatehouse::demo {
namespace {

http::Response refusal(int status, std::string_view error, std::string_view description) {
  boost::json::object document{{"error", error}, {"error_description", description}};
  return {status, {{"Content-Type", "application/json"}}, boost::json::serialize(document)};
}

std::string field_of(const http::Request& request, std::string_view name) {
  const auto fields = form_decode(request.body);
  if (!fields) return {};
  const auto found = std::ranges::find(*fields, name, [](const auto& f) { return f.first; });
  return found == fields->end() ? std::string() : found->second;
}

std::optional<boost::json::object> read(std::string_view body) {
  boost::system::error_code error;
  boost::json::value value =
      boost::json::parse(boost::json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// A JSON body of strings as the form that the provider reads. False: it is none.
bool to_form(http::Request& request) {
  const auto type = request.headers.find("Content-Type");
  if (!type || http::media_type(*type) != "application/json") return false;
  const auto document = read(request.body);
  if (!document) return false;
  FormFields fields;
  for (const auto& [name, value] : *document) {
    if (value.is_string()) fields.emplace_back(name, std::string(value.get_string()));
  }
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = form_encode(fields);
  return true;
}

std::string text_of(const boost::json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

std::string client_of(const http::Request& request) {
  if (std::string id = field_of(request, "client_id"); !id.empty()) return id;
  const auto header = request.headers.find("Authorization");
  if (!header || !header->starts_with("Basic ")) return {};
  const auto plain = base64_decode(header->substr(6));
  if (!plain) return {};
  const auto fields = form_decode("id=" + plain->substr(0, plain->find(':')));
  return fields && !fields->empty() ? fields->front().second : std::string();
}

}  // namespace

std::optional<http::Response> QuirkyFront::before_token(http::Request& request) {
  if (has(Quirk::token_json_only) && !to_form(request)) {
    return http::Response{400,
                          {{"Content-Type", "text/plain"}},
                          "SyntaxError: Unexpected token g in JSON at position 0\n"};
  }
  if (is_expired_client(request)) {
    return refusal(401, "invalid_client", "the client's secret has expired");
  }
  return field_of(request, "grant_type") == "refresh_token" ? before_refresh(request)
                                                            : std::nullopt;
}

bool QuirkyFront::is_expired_client(const http::Request& request) const {
  if (!has(Quirk::secret_expires)) return false;
  const auto end = secrets_end_at_.find(client_of(request));
  return end != secrets_end_at_.end() && end->second <= clock_.now();
}

std::optional<http::Response> QuirkyFront::before_refresh(const http::Request& request) {
  if (has(Quirk::refresh_refuses_resource) && !field_of(request, "resource").empty()) {
    return refusal(400, "invalid_target", "the resource parameter is not supported");
  }
  if (has(Quirk::refresh_refuses_scope) && !field_of(request, "scope").empty()) {
    return refusal(400, "invalid_scope", "no scope when refreshing");
  }
  if (!has(Quirk::refresh_too_early)) return std::nullopt;
  const auto fresh = fresh_until_.find(oauth_server::hash_of(field_of(request, "refresh_token")));
  if (fresh == fresh_until_.end() || fresh->second <= clock_.now()) return std::nullopt;
  return refusal(400, "invalid_request", "the access token is still good; refresh it later");
}

void QuirkyFront::after_token(const http::Request& request, http::Response& response) {
  if (response.status == 200) return rewrite_tokens(request, response);
  if (response.status < 400 || response.status >= 500) return;
  auto document = read(response.body);
  if (!document) return;
  if (has(Quirk::token_errors_ok_false)) {
    response = {200,
                {{"Content-Type", "application/json"}},
                boost::json::serialize(
                    boost::json::object{{"ok", false}, {"error", (*document)["error"]}})};
  } else if (has(Quirk::token_errors_200)) {
    response = {200, {{"Content-Type", "application/json"}}, std::move(response.body)};
  }
}

void QuirkyFront::rewrite_tokens(const http::Request& request, http::Response& response) {
  auto document = read(response.body);
  if (!document || !document->contains("access_token")) return;
  if (has(Quirk::refresh_too_early)) {
    const auto* given = document->if_contains("refresh_token");
    const std::string refresh = given ? text_of(*given) : field_of(request, "refresh_token");
    const std::chrono::seconds life((*document)["expires_in"].to_number<std::int64_t>());
    remember(fresh_until_, oauth_server::hash_of(refresh), clock_.now() + life);
  }
  if (has(Quirk::token_errors_ok_false)) document->emplace("ok", true);
  if (has(Quirk::token_type_user)) (*document)["token_type"] = "user";
  if (has(Quirk::token_type_case)) (*document)["token_type"] = "bEARER";
  if (has(Quirk::token_type_missing)) document->erase("token_type");
  if (has(Quirk::no_expiry)) document->erase("expires_in");
  if (has(Quirk::huge_expiry)) {
    (*document)["expires_in"] = std::numeric_limits<std::uint64_t>::max();
  }
  response.body = boost::json::serialize(*document);
  if (!has(Quirk::token_form)) return;
  FormFields fields;
  for (const auto& [name, value] : *document) fields.emplace_back(name, text_of(value));
  response.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  response.body = form_encode(fields);
}

}  // namespace gatehouse::demo
