// What tests of the authorization server share: the server over a store in memory, a browser's and
// a client's steps. No sockets.
#pragma once

#include <gtest/gtest.h>

#include "async/run.hpp"
#include "base/encoding.hpp"
#include "fakes/fake_exchange.hpp"
#include "jsonrpc/json.hpp"
#include "oauth/pkce.hpp"
#include "oauth_server/authorization_server.hpp"
#include "oauth_server/memory_store.hpp"

namespace gatehouse::oauth_server {

class AuthorizationServerFixture : public ::testing::Test {
 protected:
  static constexpr std::string_view kIssuer = "http://127.0.0.1:8485";
  static constexpr std::string_view kResource = "http://127.0.0.1:8485/notes/mcp";
  static constexpr std::string_view kRedirect = "http://127.0.0.1:7777/callback";
  static constexpr std::string_view kVerifier = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijk";

  static Settings settings() {
    return {.issuer = std::string(kIssuer),
            .name = "Test",
            .resources = {std::string(kResource), "http://127.0.0.1:8485/issues/mcp"},
            .scopes = {{"notes:read", "Read <notes>"}, {"notes:write", "Write notes"}},
            .default_scope = "notes:read",
            .users = {{"ada", "Ada"}}};
  }

  http::Response send(http::Request request) {
    fakes::FakeExchange exchange(std::move(request));
    run_to_end(context_, server_.handle(exchange));
    return exchange.response;
  }
  http::Response get(std::string target, http::Headers headers = {}) {
    return send({"GET", std::move(target), std::move(headers), {}});
  }
  http::Response post_form(std::string target, const FormFields& fields,
                           http::Headers headers = {}) {
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    return send({"POST", std::move(target), std::move(headers), form_encode(fields)});
  }

  static std::string member(const http::Response& response, std::string_view name) {
    const auto document = jsonrpc::JsonView::parse(response.body);
    return document ? document->string(name).value_or("") : std::string();
  }

  std::string register_client(std::string_view more = "",
                              std::string_view redirect_uri = kRedirect) {
    const auto response =
        send({"POST",
              "/register",
              {{"Content-Type", "application/json"}},
              R"({"client_name":"<b>Agent</b>","redirect_uris":[")" + std::string(redirect_uri) +
                  R"("],"token_endpoint_auth_method":"none",)" + std::string(more) +
                  R"("grant_types":["authorization_code","refresh_token"]})"});
    EXPECT_EQ(response.status, 201) << response.body;
    return member(response, "client_id");
  }

  static FormFields authorize_fields(std::string_view client, std::string_view scope = "") {
    return {{"response_type", "code"},
            {"client_id", std::string(client)},
            {"redirect_uri", std::string(kRedirect)},
            {"state", "s t&te"},
            {"code_challenge", oauth::s256_challenge(kVerifier)},
            {"code_challenge_method", "S256"},
            {"scope", std::string(scope)},
            {"resource", std::string(kResource)}};
  }

  http::Response show(const FormFields& fields) { return get("/authorize?" + form_encode(fields)); }

  static std::string between(std::string_view text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + from.size());
    return std::string(text.substr(0, text.find(to)));
  }
  static std::string form_token(const http::Response& page) {
    return between(page.body, "name=\"token\" value=\"", "\"");
  }
  static std::string cookie_of(const http::Response& page) {
    return between(page.headers.find("Set-Cookie").value_or(""), "", ";");
  }

  /// The person's click.
  http::Response decide(const http::Response& page, std::string_view button,
                        std::string_view value) {
    return post_form("/authorize",
                     {{"token", form_token(page)}, {std::string(button), std::string(value)}},
                     {{"Cookie", cookie_of(page)}});
  }

  /// The parameters of the redirect that an answer is.
  static FormFields location(const http::Response& response) {
    const std::string_view url = response.headers.find("Location").value_or("");
    return form_decode(url.substr(url.find('?') + 1)).value_or(FormFields{});
  }
  static std::string field(const FormFields& fields, std::string_view name) {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }

  std::string sign_in(std::string_view client, std::string_view scope = "") {
    const auto page = show(authorize_fields(client, scope));
    EXPECT_EQ(page.status, 200) << page.body;
    return field(location(decide(page, "user", "ada")), "code");
  }

  http::Response exchange_code(std::string_view client, std::string_view code,
                               FormFields changes = {}) {
    FormFields fields{{"grant_type", "authorization_code"},
                      {"client_id", std::string(client)},
                      {"code", std::string(code)},
                      {"redirect_uri", std::string(kRedirect)},
                      {"code_verifier", std::string(kVerifier)},
                      {"resource", std::string(kResource)}};
    for (const auto& [name, value] : changes) {
      for (auto& [key, old] : fields) {
        if (key == name) old = value;
      }
    }
    return post_form("/token", fields);
  }
  http::Response refresh(std::string_view client, std::string_view token, FormFields more = {}) {
    more.emplace_back("grant_type", "refresh_token");
    more.emplace_back("client_id", std::string(client));
    more.emplace_back("refresh_token", std::string(token));
    return post_form("/token", more);
  }

  bool good(std::string_view access_token, std::string_view resource = kResource) {
    bool valid = false;
    run_to_end(context_, check(access_token, std::string(resource), valid));
    return valid;
  }
  Task<> check(std::string_view access_token, std::string resource, bool& valid) {
    const auto checked = co_await server_.check_token(access_token, std::move(resource));
    valid = checked && *checked;
  }

  boost::asio::io_context context_{1};
  NullLogger logger_;
  ManualClock clock_;
  MemoryStore store_;
  AuthorizationServer server_{settings(), store_, nullptr, clock_, logger_};
};

}  // namespace gatehouse::oauth_server
