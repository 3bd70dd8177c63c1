// grant_type=authorization_code (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 8707 §2.2).
#include "base/random.hpp"
#include "oauth/pkce.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/token_pair.hpp"

namespace gatehouse::oauth_server {
namespace {

std::unexpected<Failure> invalid_grant(std::string description) {
  return refuse("invalid_grant", std::move(description));
}

class CodeGrant final : public Grant {
 public:
  explicit CodeGrant(Context& context) : context_(context) {}

  std::string_view type() const override { return "authorization_code"; }

  Task<Outcome<std::string>> issue(const Client& client, const Parameters& form) override {
    if (!form.has("code")) co_return refuse("invalid_request", "code is missing");
    if (!form.has("code_verifier")) co_return refuse("invalid_request", "code_verifier is missing");
    const auto taken = co_await context_.store.take_code(hash_of(form.get("code")));
    if (!taken) co_return server_error();
    if (taken->taken == Taken::absent) co_return invalid_grant("the code is unknown or expired");
    if (taken->taken == Taken::used) co_return co_await on_replay(taken->code);
    if (const auto wrong = objection(taken->code, client, form)) co_return std::unexpected(*wrong);
    TokenPair pair = make_token_pair(context_, taken->code.permission);
    if (!client.may_refresh) pair.refresh_text.clear();
    const auto stored = co_await context_.store.add_tokens(
        pair.access, client.may_refresh ? std::optional<Token>(pair.refresh) : std::nullopt);
    if (!stored) co_return server_error();
    ++context_.counters.access_tokens_issued;
    if (client.may_refresh) ++context_.counters.refresh_tokens_issued;
    co_return describe_tokens(context_, pair.access_text, pair.refresh_text,
                              taken->code.permission.scope);
  }

 private:
  std::optional<Failure> objection(const Code& code, const Client& client,
                                   const Parameters& form) const {
    if (code.expires <= context_.clock.now())
      return Failure{"invalid_grant", "the code has expired"};
    if (code.permission.client_id != client.id) {
      return Failure{"invalid_grant", "the code was issued to another client"};
    }
    if (form.get("redirect_uri") != code.redirect_uri) {
      return Failure{"invalid_grant", "redirect_uri differs from the authorization request"};
    }
    if (!equal_constant_time(oauth::s256_challenge(form.get("code_verifier")), code.challenge)) {
      return Failure{"invalid_grant", "code_verifier does not match"};
    }
    if (form.has("resource") && form.get("resource") != code.permission.resource) {
      return Failure{"invalid_target", "resource differs from the authorization request"};
    }
    return std::nullopt;
  }

  /// RFC 6749 §4.1.2: a code used twice may be stolen, so what it gave is taken back.
  Task<Outcome<std::string>> on_replay(const Code& code) {
    ++context_.counters.code_replays;
    ++context_.counters.grants_revoked;
    context_.logger.warn("code_replayed", {{"client", code.permission.client_id}});
    const auto revoked = co_await context_.store.revoke_grant(code.permission.grant_id);
    if (!revoked) co_return server_error();
    co_return invalid_grant("the code was used already");
  }

  Context& context_;
};

}  // namespace

std::unique_ptr<Grant> make_code_grant(Context& context) {
  return std::make_unique<CodeGrant>(context);
}

}  // namespace gatehouse::oauth_server
