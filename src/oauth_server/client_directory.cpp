#include "oauth_server/client_directory.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "http/url.hpp"

namespace gatehouse::oauth_server {
namespace {

constexpr auto kDocumentLife = std::chrono::minutes(5);
constexpr std::size_t kDocuments = 100;
constexpr std::size_t kDocumentBytes = 64 * 1024;

std::unexpected<Failure> unknown_client(std::string description) {
  return refuse("invalid_client", std::move(description), 401);
}

bool is_document_id(std::string_view id) {
  return id.starts_with("https://") || id.starts_with("http://");
}

/// A client identifier URL: a path of its own, no query, no dot segments.
bool is_document_url(const http::Url& url) {
  const std::string& path = url.path();
  return path.size() > 1 && url.query().empty() && path.find("/./") == std::string::npos &&
         path.find("/../") == std::string::npos && !path.ends_with("/.") && !path.ends_with("/..");
}

struct Credentials {
  std::string id;
  std::string secret;
  oauth::ClientAuthMethod method = oauth::ClientAuthMethod::none;
};

/// RFC 6749 §2.3.1: id and secret are form-encoded inside the Basic header.
Outcome<Credentials> read_basic(std::string_view header) {
  const auto decoded = base64_decode(header.substr(6));
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return unknown_client("the Basic credentials are malformed");
  const auto id = form_decode("v=" + decoded->substr(0, colon));
  const auto secret = form_decode("v=" + decoded->substr(colon + 1));
  if (!id || !secret || id->size() != 1 || secret->size() != 1) {
    return unknown_client("the Basic credentials are malformed");
  }
  return Credentials{id->front().second, secret->front().second,
                     oauth::ClientAuthMethod::client_secret_basic};
}

Outcome<Credentials> read_credentials(const http::Request& request, const Parameters& form) {
  const auto header = request.headers.find("Authorization");
  if (header && header->size() > 6 && ascii_iequal(header->substr(0, 6), "Basic ")) {
    auto credentials = read_basic(*header);
    if (!credentials) return credentials;
    if (form.has("client_secret")) {
      return refuse("invalid_request", "two ways of client authentication at once");
    }
    if (form.has("client_id") && form.get("client_id") != credentials->id) {
      return refuse("invalid_request", "client_id differs from the Basic credentials");
    }
    return credentials;
  }
  if (!form.has("client_id")) return unknown_client("client_id is missing");
  return Credentials{std::string(form.get("client_id")), std::string(form.get("client_secret")),
                     form.has("client_secret") ? oauth::ClientAuthMethod::client_secret_post
                                               : oauth::ClientAuthMethod::none};
}

}  // namespace

Task<Outcome<Client>> ClientDirectory::find(std::string client_id) {
  if (is_document_id(client_id)) co_return co_await fetch(std::move(client_id));
  const auto& machines = context_.settings.machines;
  if (const auto machine = std::ranges::find(machines, client_id, &Machine::id);
      machine != machines.end()) {
    co_return Client{.id = machine->id,
                     .name = machine->name,
                     .redirect_uris = {},
                     .auth_method = oauth::ClientAuthMethod::client_secret_basic,
                     .secret_hash = machine->secret_hash};
  }
  auto found = co_await context_.store.find_client(client_id);
  if (!found) co_return server_error();
  if (!*found) co_return unknown_client("this client is not registered here");
  co_return std::move(**found);
}

Task<Outcome<Client>> ClientDirectory::fetch(std::string url) {
  const SystemTime now = context_.clock.now();
  std::erase_if(documents_, [now](const auto& entry) { return entry.second.until <= now; });
  if (const auto found = documents_.find(url); found != documents_.end()) {
    co_return found->second.client;
  }
  const auto parsed = http::Url::parse(url, "the client_id");
  if (context_.http == nullptr || !parsed || !is_document_url(*parsed)) {
    co_return unknown_client("this client_id is no usable client ID metadata document URL");
  }
  // https only; the guard lets plain http through where an allowance of the settings names it.
  http::SendOptions options{.purpose = http::Purpose::client_metadata,
                            .allowances = context_.settings.client_metadata_allowances,
                            .max_body = kDocumentBytes};
  http::Request request{"GET", url, {{"Accept", "application/json"}}, {}};
  const auto reply = co_await context_.http->send(std::move(request), options);
  if (!reply || reply->status != 200) {
    context_.logger.info("client_document_failed", {{"url", quote_remote(url)},
                                                    {"error", reply ? std::to_string(reply->status)
                                                                    : describe(reply.error())}});
    co_return unknown_client("the client ID metadata document cannot be fetched");
  }
  auto client = parse_client_document(reply->body, url);
  if (!client) co_return client;
  if (documents_.size() >= kDocuments) documents_.erase(documents_.begin());
  documents_[url] = {*client, context_.clock.now() + kDocumentLife};
  co_return client;
}

Task<Outcome<Client>> ClientDirectory::authenticate(const http::Request& request,
                                                    const Parameters& form) {
  const auto given = read_credentials(request, form);
  if (!given) co_return std::unexpected(given.error());
  auto client = co_await find(given->id);
  if (!client) co_return client;
  if (client->auth_method != given->method) {
    co_return unknown_client("this client authenticates in another way");
  }
  if (!client->secret_hash.empty() &&
      !equal_constant_time(client->secret_hash, hash_of(given->secret))) {
    co_return unknown_client("the client secret is wrong");
  }
  co_return client;
}

}  // namespace gatehouse::oauth_server
