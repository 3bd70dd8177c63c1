// Any bytes as a callback and as an authorization endpoint: an accepted callback has a state and
// either code or error, and an accepted endpoint is https or http on loopback.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/url.hpp"
#include "oauth/authorization.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto callback = oauth::parse_callback(text)) {
    require(!callback->state.empty());
    require(!callback->code.empty() || !callback->error.empty());
    const bool same = callback->iss == "https://as.example";
    require(oauth::check_callback_issuer(callback->iss, "https://as.example", true).has_value() ==
            same);
    require(oauth::authorization_error(*callback).detail.size() < 2048);
  }
  const auto url = oauth::make_authorization_url(
      {.authorization_endpoint = std::string(text), .client_id = "c", .state = "s"});
  if (url) {
    const auto parsed = http::Url::parse(*url);
    require(parsed.has_value());
    require(parsed->is_https() || parsed->names_loopback());
    require(url->starts_with(text));
  }
  return 0;
}
