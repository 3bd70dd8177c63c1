// Any bytes as answers of token and registration endpoints, under several statuses: tokens that are
// accepted fit into a header, lives are positive and bounded, outages are never verdicts.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "oauth/registration.hpp"
#include "oauth/token.hpp"
#include "oauth/token_retry.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const int status : {200, 400, 503}) {
    const auto tokens = oauth::parse_token_response(status, body);
    if (tokens) {
      require(status == 200 && !tokens->access_token.empty());
      require(http::is_field_value("Bearer " + std::string(tokens->access_token.reveal())));
      if (tokens->expires_in) {
        require(tokens->expires_in->count() > 0 && *tokens->expires_in <= oauth::kLongestTokenLife);
      }
    } else {
      require(tokens.error().detail.size() < 4096);
      if (status == 503) require(tokens.error().code == Errc::server_error);
    }
  }
  const auto refresh = oauth::make_refresh_request("https://as/t", Secret("r"), "https://h/mcp",
                                                   {"c", Secret(), {}});
  for (const int status : {200, 400, 415, 422, 503}) {
    const auto retry = oauth::judge_refusal(refresh, status, body);
    require(status != 503 || retry == oauth::TokenRetry::none);
    require(retry != oauth::TokenRetry::without_scope);
  }
  if (const auto registration = oauth::parse_registration_response(201, body))
    require(!registration->client_id.empty());
  return 0;
}
