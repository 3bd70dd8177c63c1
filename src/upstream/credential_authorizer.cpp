#include "upstream/credential_authorizer.hpp"

namespace gatehouse::upstream {
namespace {

std::vector<mcp_client::Authorizer::Header> bearer(const oauth_client::AccessToken& token) {
  std::vector<mcp_client::Authorizer::Header> headers;
  headers.push_back({"Authorization", Secret("Bearer " + std::string(token.value.reveal()))});
  return headers;
}

std::vector<mcp_client::Authorizer::Header> bound(const oauth_client::AccessToken& token,
                                                  std::string proof) {
  std::vector<mcp_client::Authorizer::Header> headers;
  headers.push_back({"Authorization", Secret("DPoP " + std::string(token.value.reveal()))});
  headers.push_back({"DPoP", Secret(std::move(proof))});
  return headers;
}

}  // namespace

CredentialAuthorizer::CredentialAuthorizer(std::shared_ptr<const vault::Connection> connection,
                                           vault::CredentialKey key,
                                           oauth_client::TokenSource& tokens,
                                           std::shared_ptr<FixedHeaders> fixed)
    : connection_(std::move(connection)),
      key_(std::move(key)),
      tokens_(tokens),
      fixed_(std::move(fixed)) {}

Task<Result<std::vector<mcp_client::Authorizer::Header>>> CredentialAuthorizer::headers(
    RequestLine line) {
  const FixedHeaders::ListPtr kept = fixed_->current();
  const Result<FixedHeaders::ListPtr> read = kept ? kept : co_await fixed_->get();
  if (!read) co_return std::unexpected(read.error());
  std::vector<Header> fixed = **read;
  if (connection_->auth == vault::AuthKind::headers ||
      connection_->transport == vault::Transport::stdio)
    co_return fixed;
  oauth_client::AccessTokenPtr token = tokens_.find_cached(key_);
  if (!token) {
    // A server that is not known to want OAuth is asked without a token; its challenge decides.
    const bool may_be_open = connection_->auth != vault::AuthKind::oauth;
    if (may_be_open && tokens_.is_known_absent(key_)) co_return fixed;
    Result<oauth_client::AccessTokenPtr> loaded = co_await tokens_.access_token(*connection_, key_);
    if (!loaded) {
      if (may_be_open && loaded.error().code == Errc::sign_in_required) co_return fixed;
      co_return std::unexpected(loaded.error());
    }
    token = *loaded;
  }
  last_ = token;
  std::vector<Header> headers;
  if (token->key) {
    auto proof = tokens_.make_proof(*token, line.method, line.url);
    if (!proof) co_return std::unexpected(proof.error());
    headers = bound(*token, std::move(*proof));
  } else {
    headers = bearer(*token);
  }
  headers.insert(headers.end(), std::make_move_iterator(fixed.begin()),
                 std::make_move_iterator(fixed.end()));
  co_return headers;
}

std::optional<std::vector<mcp_client::Authorizer::Header>> CredentialAuthorizer::headers_at_hand() {
  const FixedHeaders::ListPtr fixed = fixed_->current();
  if (!fixed) return std::nullopt;
  if (connection_->auth == vault::AuthKind::headers ||
      connection_->transport == vault::Transport::stdio)
    return *fixed;
  const oauth_client::AccessTokenPtr token = tokens_.find_cached(key_);
  if (!token) {
    const bool may_be_open = connection_->auth != vault::AuthKind::oauth;
    if (may_be_open && tokens_.is_known_absent(key_)) return *fixed;
    return std::nullopt;
  }
  if (token->key) return std::nullopt;  // the proof names the request
  last_ = token;
  std::vector<Header> headers = bearer(*token);
  headers.insert(headers.end(), fixed->begin(), fixed->end());
  return headers;
}

bool CredentialAuthorizer::on_answer(std::string_view url, int status,
                                     const http::Headers& headers) {
  return tokens_.on_proved(url, status, headers);
}

oauth_client::AccessTokenPtr CredentialAuthorizer::current() const {
  const oauth_client::AccessTokenPtr cached = tokens_.find_cached(key_);
  return cached ? cached : last_;
}

}  // namespace gatehouse::upstream
