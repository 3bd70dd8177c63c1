// Any bytes as client metadata, redirect URI, parameters and demo control: what is accepted keeps
// the promises that the endpoints rely on.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "demo/control.hpp"
#include "oauth_server/client_directory.hpp"
#include "oauth_server/redirect_uri.hpp"

namespace {

using namespace gatehouse::oauth_server;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_client(std::string_view body) {
  const auto client = parse_client_metadata(body);
  if (!client) return;
  require(!client->redirect_uris.empty() && client->redirect_uris.size() <= 10);
  for (const std::string& uri : client->redirect_uris) {
    require(check_redirect_uri(uri).has_value());
    require(redirect_uri_matches(uri, uri));
    require(uri.find_first_of("\r\n #") == std::string::npos);
  }
  require(!parse_client_document(body, "https://never.example/the/id"));
}

void check_uri(std::string_view text) {
  if (!check_redirect_uri(text)) return;
  require(!redirect_uri_matches("https://app.example/callback", text) ||
          text == "https://app.example/callback");
}

void check_parameters(std::string_view text) {
  const auto parameters = Parameters::parse(text);
  if (parameters) require(parameters->count("client_id") <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_client(text);
  check_uri(text);
  check_parameters(text);
  (void)gatehouse::demo::parse_control_request(text);
  return 0;
}
