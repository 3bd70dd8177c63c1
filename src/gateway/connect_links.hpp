// ConnectLinks: the links that lead a person to sign in (design: rule 2). A link carries no right
// by itself: it starts one login, the browser that starts it must finish it, and it ends after
// kAuthorizationLife. Pure state; one per shard of a loopback serve: shard 0 knows all of them, the
// others those that they made and nobody used.
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
  /// A link that another shard made.
  void adopt(ConnectLink link, SystemTime now);
  /// It was used on another shard.
  void forget(const std::string& id) { links_.erase(id); }
  /// Null when unknown or expired.
  ConnectLink* find(const std::string& id, SystemTime now);
  std::size_t size() const { return links_.size(); }

  static constexpr std::size_t kMaxLinks = 256;

 private:
  void make_room(SystemTime now);

  std::map<std::string, ConnectLink> links_;
};

}  // namespace gatehouse::gateway
