// QuirkyFront: stands between the network and the site of the demo and plays the quirks that were
// asked for: it answers in the site's place, or changes what comes in and what goes out. The
// servers behind it know nothing of it. Only there when a quirk is switched on. Private to demo/.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "demo/quirks.hpp"
#include "http/server.hpp"

namespace gatehouse::demo {

class QuirkyFront final {
 public:
  /// `clock` outlives it; `origin` is "http://127.0.0.1:8485".
  QuirkyFront(QuirkSet quirks, std::string origin, const Clock& clock,
              std::chrono::seconds access_token_life);

  /// Handles `exchange` by `site`, with the quirks.
  Task<> handle(Executor executor, http::Exchange& exchange, http::Handler& site);

 private:
  friend class QuirkyExchange;
  enum class Place { metadata, registration, token, legacy_mcp, mcp, other };
  static Place place_of(std::string_view path);
  bool has(Quirk quirk) const { return quirks_.has(quirk); }

  /// Changes the request; an answer is sent in the site's place.
  std::optional<http::Response> before(http::Request& request);
  void after(const http::Request& request, http::Response& response);
  /// Sends the answer, slowly where that is the quirk.
  Task<> deliver(http::Exchange& exchange, Place place, http::Response response);
  Task<> stall(Executor executor, http::Exchange& exchange);
  bool takes_stall(const http::Request& request);

  // quirk_documents_json.cpp
  std::optional<http::Response> before_metadata(http::Request& request);
  std::optional<http::Response> before_registration();
  void after_metadata(http::Response& response);
  void after_registration(http::Response& response);
  // quirk_tokens_json.cpp
  std::optional<http::Response> before_token(http::Request& request);
  std::optional<http::Response> before_refresh(const http::Request& request);
  void after_token(const http::Request& request, http::Response& response);
  void rewrite_tokens(const http::Request& request, http::Response& response);
  bool is_expired_client(const http::Request& request) const;
  // quirk_mcp_json.cpp
  std::optional<http::Response> before_mcp(Place place, http::Request& request);
  void after_mcp(const http::Request& request, http::Response& response);

  using Times = std::map<std::string, SystemTime>;
  static void remember(Times& times, std::string key, SystemTime at);

  QuirkSet quirks_;
  std::string origin_;
  const Clock& clock_;
  std::chrono::seconds life_;
  Times fresh_until_;     ///< by refresh token (hash): its access token is good until then
  Times secrets_end_at_;  ///< by client id
  bool stalled_ = false;
};

}  // namespace gatehouse::demo
