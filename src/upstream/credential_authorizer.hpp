// The credentials of one upstream's requests: a token of the vault, with a proof where it is bound
// to a key (RFC 9449), static headers, or
// nothing. Implements what mcp_client asks for over the TokenSource; the hot path finds the token
// in its cache without waiting.
#pragma once

#include <memory>

#include "mcp_client/peer.hpp"
#include "oauth_client/token_source.hpp"
#include "upstream/fixed_headers.hpp"
#include "vault/records.hpp"

namespace gatehouse::upstream {

class CredentialAuthorizer final : public mcp_client::Authorizer {
 public:
  /// `tokens` must outlive this.
  CredentialAuthorizer(std::shared_ptr<const vault::Connection> connection,
                       vault::CredentialKey key, oauth_client::TokenSource& tokens,
                       std::shared_ptr<FixedHeaders> fixed);

  Task<Result<std::vector<Header>>> headers(RequestLine line = {}) override;
  std::optional<std::vector<Header>> headers_at_hand() override;
  bool has_proved() const override { return last_ && last_->key; }
  bool on_answer(std::string_view url, int status, const http::Headers& headers) override;

  /// The token that a request starting now would use without waiting, or the one used last; null
  /// before the first.
  oauth_client::AccessTokenPtr current() const;
  const vault::CredentialKey& key() const { return key_; }
  FixedHeaders& fixed() { return *fixed_; }

 private:
  std::shared_ptr<const vault::Connection> connection_;
  vault::CredentialKey key_;
  oauth_client::TokenSource& tokens_;
  std::shared_ptr<FixedHeaders> fixed_;
  oauth_client::AccessTokenPtr last_;
};

}  // namespace gatehouse::upstream
