// A Store that ends with the process: for tests and for a demo without a directory.
#pragma once

#include <list>
#include <map>

#include "oauth_server/store.hpp"

namespace gatehouse::oauth_server {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(StoreLimits limits = {}) : limits_(limits) {}

  Task<Result<void>> add_client(Client client) override;
  Task<Result<std::optional<Client>>> find_client(std::string id) override;
  Task<Result<void>> add_code(Code code) override;
  Task<Result<TakenCode>> take_code(std::string hash) override;
  Task<Result<void>> add_tokens(Token access, std::optional<Token> refresh) override;
  Task<Result<std::optional<Token>>> find_token(std::string hash) override;
  Task<Result<Rotation>> rotate(std::string refresh_hash, Token access, Token refresh) override;
  Task<Result<void>> revoke_grant(std::string grant_id) override;
  Task<Result<void>> revoke_token(std::string hash) override;
  Task<Result<void>> sweep(SystemTime now) override;

 private:
  struct StoredCode {
    Code code;
    bool used = false;
  };
  void insert(Token token);
  Token* find(const std::string& hash);

  StoreLimits limits_;
  std::list<Client> clients_;  ///< oldest first
  std::list<StoredCode> codes_;
  std::list<Token> tokens_;
  std::map<std::string, std::list<Token>::iterator> by_hash_;
};

}  // namespace gatehouse::oauth_server
