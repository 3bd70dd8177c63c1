#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "oauth/token.hpp"
#include "oauth/token_retry.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::size_t kLookedAt = 4096;  // bytes of a refusal that are searched for words

const std::string* find_field(const FormFields& fields, std::string_view name) {
  const auto field = std::ranges::find(fields, name, [](const auto& f) { return f.first; });
  return field == fields.end() ? nullptr : &field->second;
}

bool says(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(
      words, [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

/// A JSON parser or a media type check spoke, not the grant: "Unexpected token g in JSON at
/// position 0", "Content-Type must be application/json", "failed to decode JSON body".
bool speaks_of_json(const std::optional<OAuthError>& error, std::string_view body) {
  const bool about_request = !error || error->error == "invalid_request" ||
                             error->error == "error" ||
                             error->error.find("parse") != std::string::npos ||
                             error->error.find("json") != std::string::npos ||
                             error->error.find("invalid_request") != std::string::npos;
  constexpr std::array<std::string_view, 3> kWords{"json", "media type", "content-type"};
  return about_request && says(ascii_lower(body.substr(0, kLookedAt)), kWords);
}

}  // namespace

TokenRetry judge_refusal(const http::Request& sent, int status, std::string_view body) {
  if (status == 415) return TokenRetry::as_json;
  const auto error = parse_error_document(body);
  const bool refused = (status >= 400 && status < 500 && status != 429 && status != 408) ||
                       (status >= 200 && status < 300 && error);
  if (!refused) return TokenRetry::none;
  const auto fields = form_decode(sent.body);
  if (!fields) return TokenRetry::none;
  const std::string* grant = find_field(*fields, "grant_type");
  if (error && grant != nullptr && *grant == "refresh_token") {
    const std::string said = ascii_lower(error->error_description.substr(0, kLookedAt));
    const bool request = error->error == "invalid_request";
    const bool has_scope = find_field(*fields, "scope") != nullptr;
    const bool has_resource = find_field(*fields, "resource") != nullptr;
    if (has_scope &&
        (error->error == "invalid_scope" || (request && said.find("scope") != std::string::npos))) {
      return TokenRetry::without_scope;
    }
    if (has_resource && (error->error == "invalid_target" || error->error == "invalid_resource" ||
                         (request && said.find("resource") != std::string::npos))) {
      return TokenRetry::without_resource;
    }
  }
  const bool unread = status == 400 || status == 406 || status == 422;
  return unread && speaks_of_json(error, body) ? TokenRetry::as_json : TokenRetry::none;
}

http::Request as_json_request(http::Request form) {
  const auto fields = form_decode(form.body);
  if (!fields) return form;
  boost::json::object document;
  for (const auto& [name, value] : *fields) document[name] = value;
  form.headers.set("Content-Type", "application/json");
  form.body = boost::json::serialize(document);
  return form;
}

http::Request without_parameter(http::Request form, std::string_view name) {
  auto fields = form_decode(form.body);
  if (!fields) return form;
  std::erase_if(*fields, [name](const auto& field) { return field.first == name; });
  form.body = form_encode(*fields);
  return form;
}

}  // namespace gatehouse::oauth
