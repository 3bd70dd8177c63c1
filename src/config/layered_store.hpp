// LayeredStore: the store as one process sees it: connections of its own and those that
// configuration files put in effect here. A connection of a file is a row like any other, under a
// name that holds its file as well, so that two projects may both have a `github`, each with its
// own login; here it goes by its short name, and rows of files that are not in effect do not exist.
// A project's wins over the store's, the store's over the global file's. One shard.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vault/store.hpp"

namespace gatehouse::config {

/// Where a name is taken from, the stronger the greater.
enum class Rank { global, store, project };

class LayeredStore final : public vault::Store, private vault::ConnectionStore {
 public:
  /// `inner` must outlive this.
  explicit LayeredStore(vault::Store& inner) : inner_(inner) {}

  /// What files put in effect: the name in the store → rank. Replaces what was.
  void set_in_effect(std::map<std::string, Rank> rows) { rows_ = std::move(rows); }
  const std::map<std::string, Rank>& in_effect() const { return rows_; }
  vault::Store& inner() { return inner_; }

  vault::ConnectionStore& connections() override { return *this; }
  vault::CredentialStore& credentials() override { return inner_.credentials(); }
  vault::RegistrationStore& registrations() override { return inner_.registrations(); }
  vault::AuthorizationStore& authorizations() override { return inner_.authorizations(); }
  vault::AgentTokenStore& agent_tokens() override { return inner_.agent_tokens(); }
  vault::ChangeFeed& changes() override { return inner_.changes(); }
  vault::KeyStore& keys() override { return inner_.keys(); }

 private:
  Task<Result<vault::Connection>> create(vault::Connection connection) override;
  Task<Result<vault::Connection>> update(vault::Connection connection) override;
  Task<Result<std::optional<vault::Connection>>> find(OrganizationId organization,
                                                      std::string name) override;
  Task<Result<std::vector<vault::Connection>>> list(OrganizationId organization) override;
  Task<Result<void>> erase(OrganizationId organization, ConnectionId id) override;
  Task<Result<vault::ConnectionState>> load_state(OrganizationId organization,
                                                  ConnectionId id) override;
  Task<Result<std::map<ConnectionId, vault::ConnectionState>>> load_states(
      OrganizationId organization) override;
  Task<Result<void>> save_state(OrganizationId organization, ConnectionId id,
                                vault::ConnectionState state) override;
  Task<Result<std::optional<vault::StoredCatalog>>> load_catalog(OrganizationId organization,
                                                                 ConnectionId id,
                                                                 MemberId member) override;
  Task<Result<std::vector<vault::StoredCatalog>>> load_catalogs(OrganizationId organization,
                                                                MemberId member) override;
  Task<Result<void>> save_catalog(OrganizationId organization, vault::StoredCatalog catalog,
                                  vault::PinChanges pins) override;
  Task<Result<std::vector<vault::Pin>>> load_pins(OrganizationId organization, ConnectionId id,
                                                  std::optional<MemberId> owner,
                                                  Pins which) override;
  Task<Result<std::size_t>> change_pins(OrganizationId organization, ConnectionId id,
                                        vault::PinChanges pins) override;
  Task<Result<void>> erase_catalog(OrganizationId organization, ConnectionId id) override;

  vault::Store& inner_;
  std::map<std::string, Rank> rows_;  // by stored name
};

/// The name in the store of a file's entry: "github@" and 16 hex digits of the file's path.
std::string stored_name(std::string_view name, std::string_view file);
/// "github" of either.
std::string short_name(std::string_view stored);

}  // namespace gatehouse::config
