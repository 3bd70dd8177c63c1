// A Store in one SQLite file of its own, so that logins outlive a restart of the demo. Statements
// run on one worker thread, in order.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "async/workers.hpp"
#include "oauth_server/store.hpp"
#include "vault/sqlite_database.hpp"

namespace gatehouse::oauth_server {

class SqliteStore final : public Store {
 public:
  /// Blocking: at start-up only. Errors: policy (file modes), storage, unsupported (newer schema).
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& file,
                                                   SystemTime now, StoreLimits limits = {});
  ~SqliteStore() override;

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
  SqliteStore(std::unique_ptr<vault::Database> database, StoreLimits limits);
  /// Runs `body` as one transaction on the worker.
  Task<Result<void>> write(std::function<void(vault::Database&)> body);

  std::unique_ptr<vault::Database> database_;
  StoreLimits limits_;
  Workers worker_{1};
};

}  // namespace gatehouse::oauth_server
