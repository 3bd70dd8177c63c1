// ConnectLinks: the links that lead a person to sign in (design: rule 2). A link carries no right
// by itself: it starts one login, the browser that starts it must finish it, and it ends after
// kAuthorizationLife. Pure state; one per shard of a loopback serve.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "vault/records.hpp"

namespace gatehouse::gateway {

struct ConnectLink {
  std::string id;
  std::string connection;  ///< name
  vault::CredentialKey key;
  std::string step_up_scope;
  std::vector<std::string> challenges;
  SystemTime expires_at{};
  bool started = false;
};

class ConnectLinks final {
 public:
  /// A link for this need; the same one again while it was not started. Beyond `kMaxLinks` the
  /// oldest goes.
  std::string make(ConnectLink need, SystemTime now);
  /// Null when unknown or expired.
  ConnectLink* find(const std::string& id, SystemTime now);
  std::size_t size() const { return links_.size(); }

  static constexpr std::size_t kMaxLinks = 256;

 private:
  std::map<std::string, ConnectLink> links_;
};

}  // namespace gatehouse::gateway
