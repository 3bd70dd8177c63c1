// grant_type=refresh_token (RFC 6749 §6): rotation on every use; the reuse of a consumed token
// revokes the whole grant (OAuth 2.1 §4.3.1).
#include "oauth/scope.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/token_pair.hpp"

namespace gatehouse::oauth_server {
namespace {

class RefreshGrant final : public Grant {
 public:
  explicit RefreshGrant(Context& context) : context_(context) {}

  std::string_view type() const override { return "refresh_token"; }

  Task<Outcome<std::string>> issue(const Client& client, const Parameters& form) override {
    if (!form.has("refresh_token")) co_return refuse("invalid_request", "refresh_token is missing");
    const auto found = co_await context_.store.find_token(hash_of(form.get("refresh_token")));
    if (!found) co_return server_error();
    if (!*found || (*found)->kind != TokenKind::refresh) co_return unknown();
    const Token& old = **found;
    if (old.permission.client_id != client.id || old.expires <= context_.clock.now()) {
      co_return unknown();
    }
    if (old.consumed) co_return co_await on_reuse(old);
    Permission permission = old.permission;
    if (form.has("resource") && form.get("resource") != permission.resource) {
      co_return refuse("invalid_target", "resource differs from the authorization request");
    }
    if (!oauth::missing_scopes(form.get("scope"), permission.scope).empty()) {
      co_return refuse("invalid_scope", "a refresh cannot widen the scope");
    }
    TokenPair pair = make_token_pair(context_, permission);
    if (form.has("scope")) pair.access.permission.scope = form.get("scope");
    if (!context_.settings.rotate_refresh_tokens) co_return co_await keep(std::move(pair));
    const auto rotation = co_await context_.store.rotate(old.hash, pair.access, pair.refresh);
    if (!rotation) co_return server_error();
    if (*rotation == Rotation::absent) co_return unknown();
    if (*rotation == Rotation::reused) co_return co_await on_reuse(old);
    ++context_.counters.refresh_tokens_consumed;
    ++context_.counters.access_tokens_issued;
    ++context_.counters.refresh_tokens_issued;
    co_return describe_tokens(context_, pair.access_text, pair.refresh_text,
                              pair.access.permission.scope);
  }

 private:
  /// The refresh token stays as it is, and the answer names none (RFC 6749 §6).
  Task<Outcome<std::string>> keep(TokenPair pair) {
    const auto stored = co_await context_.store.add_tokens(pair.access, std::nullopt);
    if (!stored) co_return server_error();
    ++context_.counters.access_tokens_issued;
    co_return describe_tokens(context_, pair.access_text, {}, pair.access.permission.scope);
  }

  static std::unexpected<Failure> unknown() {
    return refuse("invalid_grant", "the refresh token is unknown, expired or revoked");
  }

  Task<Outcome<std::string>> on_reuse(const Token& old) {
    ++context_.counters.refresh_reuse_detected;
    ++context_.counters.grants_revoked;
    context_.logger.warn("refresh_token_reused", {{"client", old.permission.client_id}});
    const auto revoked = co_await context_.store.revoke_grant(old.permission.grant_id);
    if (!revoked) co_return server_error();
    co_return refuse("invalid_grant", "the refresh token was used already; the grant is revoked");
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<Grant> make_refresh_grant(Context& context) {
  return std::make_unique<RefreshGrant>(context);
}

}  // namespace gatehouse::oauth_server
