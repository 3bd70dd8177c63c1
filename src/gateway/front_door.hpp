// FrontDoor: what may come in at all. Host and Origin against DNS rebinding, on every path and even
// on loopback; addresses of ours that clients and browsers use. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace gatehouse::gateway {

class FrontDoor final {
 public:
  /// `public_url` (may be empty) and the listening authorities ("127.0.0.1:8484") are what Host may
  /// say; each authority on 127.0.0.1 or [::1] is also reachable as localhost.
  FrontDoor(std::string public_url, std::vector<std::string> authorities);

  enum class Verdict { admit, wrong_host, wrong_origin };
  /// Origin may be absent; present it must be one of ours.
  Verdict admit(const http::Request& request) const;

  /// Where browsers and clients reach us: the public URL, else the first authority over http.
  const std::string& base_url() const { return base_url_; }
  /// True when only this machine can reach base_url().
  bool on_loopback() const { return on_loopback_; }
  const std::vector<std::string>& hosts() const { return hosts_; }

 private:
  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
  std::string base_url_;
  bool on_loopback_ = true;
};

}  // namespace gatehouse::gateway
