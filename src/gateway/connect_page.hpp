// ConnectPage: where a person signs in from a link an agent was given (design: rule 2). Exists only
// where the gateway is reached on loopback, until members can sign in. GET shows what is asked,
// POST starts the login and goes to the authorization server, the callback finishes it, proves it
// with an authenticated tools/list and names the account.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "async/shards.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "gateway/connect_links.hpp"
#include "http/server.hpp"
#include "oauth_client/callback_handler.hpp"
#include "oauth_client/login.hpp"
#include "upstream/upstreams.hpp"
#include "vault/store.hpp"

namespace gatehouse::gateway {

class ConnectPage final {
 public:
  /// All must outlive the page.
  struct Parts {
    vault::Store& store;
    oauth_client::Login& login;
    upstream::Upstreams& upstreams;
    TaskGroup& tasks;
    Logger& log;
    const Clock& clock;
  };
  struct Settings {
    OrganizationId organization = local_organization();
    std::string base_url;  ///< "http://127.0.0.1:8484", where the person's browser reaches us
    std::vector<std::string> hosts;  ///< accepted Host values
  };

  ConnectPage(Parts parts, Settings settings);

  /// The pages of all shards, by number, this one among them; before the first link. Browsers come
  /// to shard 0 (ShardDoor), so it has to know what the others gave out.
  void join(ShardPlace place, std::vector<ConnectPage*> pages);

  /// The link a person opens to act on `need`.
  std::string make_link(const upstream::Target& target, const upstream::PersonNeeded& need);

  /// Answers /connect/<id> and /oauth/callback.
  Task<> handle(http::Exchange& exchange);
  static bool owns(std::string_view path);

 private:
  Task<http::Response> show(const http::Request& request, const std::string& id);
  Task<http::Response> start(const http::Request& request, const std::string& id);
  void on_finished(const Result<oauth_client::LoginOutcome>& outcome);
  Task<> prove(vault::CredentialKey key);
  void tell_used(const std::string& id);

  Parts parts_;
  Settings settings_;
  ConnectLinks links_;
  std::optional<ShardPlace> place_;  ///< nothing: the only one
  std::vector<ConnectPage*> pages_;
  oauth_client::CallbackHandler callback_;
};

}  // namespace gatehouse::gateway
