// Store: what the authorization server keeps. MemoryStore forgets, SqliteStore does not; both pass
// the same tests. Every call is one atomic step. Bounded: the oldest go first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"
#include "oauth_server/records.hpp"

namespace gatehouse::oauth_server {

struct StoreLimits {
  std::size_t clients = 2000;  ///< registration is open to everybody
  std::size_t codes = 1000;
  std::size_t tokens = 20000;
};

enum class Taken { fresh, used, absent };
struct TakenCode {
  Taken taken = Taken::absent;
  Code code;  ///< unless absent
};

enum class Rotation { done, reused, absent };

class Store {
 public:
  virtual ~Store() = default;
  // Errors of all: storage.
  virtual Task<Result<void>> add_client(Client client) = 0;
  virtual Task<Result<std::optional<Client>>> find_client(std::string id) = 0;
  virtual Task<Result<void>> add_code(Code code) = 0;
  /// Marks the code as used. A used one is kept until it expires, so that its replay is noticed.
  virtual Task<Result<TakenCode>> take_code(std::string hash) = 0;
  virtual Task<Result<void>> add_tokens(Token access, std::optional<Token> refresh) = 0;
  virtual Task<Result<std::optional<Token>>> find_token(std::string hash) = 0;
  /// Consumes the refresh token and stores its successors, or does neither. A consumed one is kept
  /// until it expires, so that its reuse is noticed.
  virtual Task<Result<Rotation>> rotate(std::string refresh_hash, Token access, Token refresh) = 0;
  /// Erases the tokens of a grant.
  virtual Task<Result<void>> revoke_grant(std::string grant_id) = 0;
  virtual Task<Result<void>> revoke_token(std::string hash) = 0;
  /// Erases what has expired.
  virtual Task<Result<void>> sweep(SystemTime now) = 0;
};

}  // namespace gatehouse::oauth_server
