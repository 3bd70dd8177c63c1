// Any bytes as metadata documents, issuers and resources: what is accepted has what it must have,
// and a resource is accepted for a server of the same origin only.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/url.hpp"
#include "oauth/metadata.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const http::Url server = *http::Url::parse("https://mcp.example/team/mcp?a=1");
  if (const auto metadata = oauth::parse_protected_resource_metadata(text)) {
    require(!metadata->resource.empty());
    (void)oauth::check_resource(metadata->resource, server);
  }
  if (const auto metadata = oauth::parse_authorization_server_metadata(text)) {
    require(!metadata->issuer.empty() && !metadata->token_endpoint.empty());
    (void)oauth::check_pkce(*metadata);
    require(oauth::check_issuer(*metadata, metadata->issuer).has_value());
  }
  if (oauth::check_resource(text, server)) {
    require(http::Url::parse(text)->origin() == server.origin());
  }
  if (const auto urls = oauth::authorization_server_metadata_urls(text)) {
    for (const auto& url : *urls) require(http::Url::parse(url).has_value());
  }
  if (const auto url = http::Url::parse(text)) {
    for (const auto& at : oauth::protected_resource_metadata_urls(*url))
      require(at.starts_with(url->origin() + "/"));
  }
  return 0;
}
