// FixedHeaders: the static headers of one upstream (API keys). Those given by reference are read
// when the upstream opens and again after it refused them; in between the values are kept here, in
// memory. Only this upstream fails when they cannot be read.
#pragma once

#include <memory>
#include <vector>

#include "async/single_flight.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "mcp_client/peer.hpp"
#include "vault/records.hpp"
#include "vault/secret_resolver.hpp"

namespace gatehouse::upstream {

class FixedHeaders final : public std::enable_shared_from_this<FixedHeaders> {
 public:
  using List = std::vector<mcp_client::Authorizer::Header>;
  using ListPtr = std::shared_ptr<const List>;

  /// `tasks` and `clock` must outlive this and the reading it starts. Without a resolver a
  /// reference is an error.
  FixedHeaders(std::shared_ptr<const vault::Connection> connection, vault::SecretResolver resolver,
               TaskGroup& tasks, const Clock& clock);

  /// The values to send. Read once; a failed reading is repeated at the next call. Errors: those of
  /// vault::SecretResolver; invalid_argument for a value that no header can carry. Each names
  /// header and connection.
  Task<Result<ListPtr>> get();
  /// What get() would return without waiting; null before.
  ListPtr current() const { return current_; }
  bool by_reference() const;
  /// Reads the references once more; true when a value differs from those of `used`, which the
  /// server refused. Not more often than kSecretPause, so that a key that stays wrong does not
  /// start a program for every call.
  Task<Result<bool>> read_again(ListPtr used);

 private:
  static Task<Result<ListPtr>> read(std::shared_ptr<FixedHeaders> self);

  std::shared_ptr<const vault::Connection> connection_;
  vault::SecretResolver resolver_;
  const Clock& clock_;
  ListPtr current_;
  std::optional<SteadyTime> read_again_at_;
  SingleFlight<int, ListPtr> flights_;  // all readings share one
};

/// Reads what `secret` refers to, or copies its value; errors begin with `what`. `resolver` may be
/// null where nothing is given by reference.
Task<Result<Secret>> read_secret(vault::NamedSecret secret, vault::SecretResolver resolver,
                                 std::string what);

}  // namespace gatehouse::upstream
