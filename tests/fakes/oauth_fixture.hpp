// OAuthFixture: what oauth_client/ needs around it in tests: an http::Client that answers from a
// script, a memory store whose credential calls can be made to fail, clocks moved by hand, and
// waiting that only moves those clocks.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "base/encoding.hpp"
#include "http/client.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::fakes {

/// Answers by "METHOD url". What is not in the script gets 404.
class ScriptedClient final : public http::Client {
 public:
  using Answer = std::function<Result<http::Reply>(const http::Request&)>;

  void on(const std::string& what, Answer answer) { script_[what] = std::move(answer); }
  void on(const std::string& what, int status, const std::string& body,
          http::Headers headers = {}) {
    on(what, [=](const http::Request&) -> Result<http::Reply> {
      return http::Reply{.status = status, .headers = headers, .body = body};
    });
  }
  void on_error(const std::string& what, Errc code) {
    on(what, [=](const http::Request&) -> Result<http::Reply> { return fail(code, "scripted"); });
  }

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions options) override {
    sent.push_back(request);
    redirects.push_back(options.redirects);
    const auto found = script_.find(request.method + " " + request.target);
    if (found == script_.end()) co_return http::Reply{.status = 404};
    co_return found->second(request);
  }

  int count(std::string_view method, std::string_view url) const {
    int hits = 0;
    for (const auto& request : sent) hits += request.method == method && request.target == url;
    return hits;
  }
  /// The form fields of the last request to `url`.
  std::map<std::string, std::string> last_form(std::string_view url) const {
    std::map<std::string, std::string> fields;
    for (const auto& request : sent) {
      if (request.target != url) continue;
      fields.clear();
      for (auto& [name, value] : form_decode(request.body).value_or(FormFields{}))
        fields[name] = value;
    }
    return fields;
  }

  std::vector<http::Request> sent;
  std::vector<http::Redirects> redirects;

 private:
  std::map<std::string, Answer> script_;
};

/// Passes everything to another store; named calls fail a number of times first, or run a hook.
class FaultyStore final : public vault::Store, public vault::CredentialStore {
 public:
  explicit FaultyStore(vault::Store& inner) : inner_(inner) {}

  std::map<std::string, int> failures;
  std::map<std::string, std::function<void()>> before;  ///< runs once, then is forgotten

  vault::ConnectionStore& connections() override { return inner_.connections(); }
  vault::CredentialStore& credentials() override { return *this; }
  vault::RegistrationStore& registrations() override { return inner_.registrations(); }
  vault::AuthorizationStore& authorizations() override { return inner_.authorizations(); }
  vault::AgentTokenStore& agent_tokens() override { return inner_.agent_tokens(); }
  vault::ChangeFeed& changes() override { return inner_.changes(); }
  vault::KeyStore& keys() override { return inner_.keys(); }

  Task<Result<std::optional<vault::Credential>>> find(vault::CredentialKey key) override {
    if (fails("find")) co_return failure();
    co_return co_await inner_.credentials().find(key);
  }
  Task<Result<std::int64_t>> find_epoch(vault::CredentialKey key) override {
    co_return co_await inner_.credentials().find_epoch(key);
  }
  Task<Result<std::vector<vault::CredentialKey>>> list(
      OrganizationId organization, std::optional<ConnectionId> connection) override {
    co_return co_await inner_.credentials().list(organization, connection);
  }
  Task<Result<vault::Credential>> save_login(vault::Credential credential,
                                             std::int64_t epoch) override {
    if (fails("save_login")) co_return failure();
    co_return co_await inner_.credentials().save_login(std::move(credential), epoch);
  }
  Task<Result<std::optional<vault::Lease>>> acquire_lease(vault::CredentialKey key,
                                                          std::string holder,
                                                          std::chrono::milliseconds life) override {
    if (fails("acquire_lease")) co_return failure();
    co_return co_await inner_.credentials().acquire_lease(key, holder, life);
  }
  Task<Result<void>> release_lease(vault::CredentialKey key, std::string holder) override {
    if (fails("release_lease")) co_return failure();
    co_return co_await inner_.credentials().release_lease(key, holder);
  }
  Task<Result<void>> mark_attempt(vault::CredentialKey key, std::int64_t version,
                                  std::int64_t epoch, SystemTime now) override {
    if (fails("mark_attempt")) co_return failure();
    co_return co_await inner_.credentials().mark_attempt(key, version, epoch, now);
  }
  Task<Result<void>> settle_attempt(vault::CredentialKey key, std::int64_t version,
                                    std::int64_t epoch) override {
    if (fails("settle_attempt")) co_return failure();
    co_return co_await inner_.credentials().settle_attempt(key, version, epoch);
  }
  Task<Result<vault::Credential>> save_refreshed(vault::CredentialKey key, std::int64_t version,
                                                 std::int64_t epoch,
                                                 vault::TokenSet tokens) override {
    if (fails("save_refreshed")) co_return failure();
    co_return co_await inner_.credentials().save_refreshed(key, version, epoch, std::move(tokens));
  }
  Task<Result<void>> require_sign_in(vault::CredentialKey key, std::int64_t version,
                                     std::int64_t epoch, std::string reason) override {
    if (fails("require_sign_in")) co_return failure();
    co_return co_await inner_.credentials().require_sign_in(key, version, epoch, reason);
  }
  Task<Result<std::optional<vault::Credential>>> end_login(vault::CredentialKey key) override {
    co_return co_await inner_.credentials().end_login(key);
  }

 private:
  bool fails(const std::string& call) {
    if (const auto hook = before.find(call); hook != before.end()) {
      const auto run = std::move(hook->second);
      before.erase(hook);
      run();
    }
    const auto found = failures.find(call);
    return found != failures.end() && found->second-- > 0;
  }
  static std::unexpected<Error> failure() { return fail(Errc::storage, "scripted"); }

  vault::Store& inner_;
};

class OAuthFixture : public testing::Test {
 protected:
  static constexpr const char* kServer = "https://mcp.example/mcp";
  static constexpr const char* kIssuer = "https://as.example";
  static constexpr const char* kTokenUrl = "https://as.example/token";
  static constexpr const char* kRevokeUrl = "https://as.example/revoke";
  static constexpr const char* kRedirect = "http://127.0.0.1:9999/callback";

  OAuthFixture() {
    connection.id = {"con_1"};
    connection.organization = local_organization();
    connection.name = "demo";
    connection.url = kServer;
    connection = *run(memory.connections().create(connection));
    key = {.organization = local_organization(), .connection = connection.id};
  }

  template <class T>
  T run(Task<T> task) {
    return run_to_end(context, std::move(task));
  }

  void advance(std::chrono::milliseconds by) {
    clock.advance(by);
    boot.advance(by);
  }
  /// Waiting that only moves the clocks.
  std::function<Task<>(Duration)> sleep() {
    return [this](Duration duration) { return pass(this, duration); };
  }

  /// A whole provider: metadata, registration and tokens.
  void script_provider() {
    http.on(
        "GET https://mcp.example/.well-known/oauth-protected-resource/mcp", 200,
        R"({"resource":"https://mcp.example/mcp","authorization_servers":["https://as.example"],)"
        R"("scopes_supported":["read","write"]})");
    http.on(
        "GET https://as.example/.well-known/oauth-authorization-server", 200,
        R"({"issuer":"https://as.example","authorization_endpoint":"https://as.example/authorize",)"
        R"("token_endpoint":"https://as.example/token","registration_endpoint":"https://as.example/register",)"
        R"("revocation_endpoint":"https://as.example/revoke","code_challenge_methods_supported":["S256"],)"
        R"("token_endpoint_auth_methods_supported":["none"],)"
        R"("authorization_response_iss_parameter_supported":true})");
    http.on("POST https://as.example/register", 201, R"({"client_id":"client-1"})");
    http.on(std::string("POST ") + kTokenUrl, 200, tokens("at-1", "rt-1"));
    http.on(std::string("POST ") + kRevokeUrl, 200, "");
  }
  static std::string tokens(const std::string& access, const std::string& refresh,
                            int life = 3600) {
    return R"({"access_token":")" + access + R"(","token_type":"Bearer","expires_in":)" +
           std::to_string(life) +
           (refresh.empty() ? "" : R"(,"refresh_token":")" + refresh + "\"") + "}";
  }

  /// A stored login whose access token lives for `life` (nothing: unknown).
  vault::Credential sign_in(std::optional<std::chrono::seconds> life = std::chrono::hours(1),
                            const std::string& refresh = "rt-0") {
    vault::Registration registration{.id = {"reg_1"},
                                     .organization = key.organization,
                                     .issuer = kIssuer,
                                     .client_id = "client-0"};
    (void)run(memory.registrations().save(registration, std::nullopt));
    vault::Credential credential{.key = key,
                                 .binding = {.issuer = kIssuer,
                                             .resource = kServer,
                                             .registration = {"reg_1"},
                                             .token_endpoint = kTokenUrl,
                                             .revocation_endpoint = kRevokeUrl,
                                             .server_url = connection.url},
                                 .requested_scope = "read"};
    credential.tokens.access_token = Secret("at-0");
    credential.tokens.refresh_token = Secret(refresh);
    credential.tokens.obtained_at = clock.now();
    if (life) credential.tokens.expires_at = clock.now() + *life;
    const auto row = run(memory.credentials().find(key));
    const std::int64_t epoch = row && *row ? (*row)->epoch : 0;
    return *run(memory.credentials().save_login(credential, epoch));
  }
  vault::Credential stored() { return **run(memory.credentials().find(key)); }

  boost::asio::io_context context;
  ManualClock clock;
  vault::ManualBootClock boot;
  vault::MemoryStore memory{vault::StoreClocks{clock, boot}};
  FaultyStore store{memory};
  ScriptedClient http;
  NullLogger logger;
  vault::Connection connection;
  vault::CredentialKey key;

 private:
  static Task<> pass(OAuthFixture* self, Duration duration) {
    self->advance(std::chrono::duration_cast<std::chrono::milliseconds>(duration));
    co_return;
  }
};

}  // namespace gatehouse::fakes
