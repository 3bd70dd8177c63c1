// What every Store must pass, whatever it stands on (design §6): the fixture of the
// store_contract_*_test.cpp files, run over each backend.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "async/run.hpp"
#include "async/workers.hpp"
#include "vault/memory_store.hpp"
#include "vault/sqlite_store.hpp"
#include "vault/temporary_directory.hpp"

namespace gatehouse::vault {

using namespace std::chrono_literals;

inline MasterKey test_key(char fill = 'k') {
  return MasterKey::from_bytes(Secret(std::string(MasterKey::kBytes, fill))).value();
}

class StoreContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      store_ = std::make_unique<MemoryStore>(clocks());
    } else {
      store_ = SqliteStore::open(directory_.path() / "vault.db", Sealer(test_key()), workers_,
                                 logger_, clocks())
                   .value();
    }
  }

  StoreClocks clocks() const { return {clock_, boot_}; }
  Store& store() { return *store_; }
  ConnectionStore& connections() { return store_->connections(); }
  CredentialStore& credentials() { return store_->credentials(); }
  RegistrationStore& registrations() { return store_->registrations(); }
  AuthorizationStore& authorizations() { return store_->authorizations(); }
  AgentTokenStore& agent_tokens() { return store_->agent_tokens(); }

  template <class T>
  T run(Task<T> task) {
    return run_to_end(context_, std::move(task));
  }
  template <class T>
  static Errc code(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? Errc::bug : result.error().code;
  }

  Connection make_connection(std::string name, OrganizationId organization = local_organization()) {
    Connection connection;
    connection.organization = std::move(organization);
    connection.name = std::move(name);
    connection.url = "https://mcp.example/" + connection.name;
    return run(connections().create(std::move(connection))).value();
  }
  static CredentialKey key_of(const Connection& connection) {
    return {.organization = connection.organization, .connection = connection.id};
  }
  Credential login(const CredentialKey& key, std::int64_t epoch = 0, std::string access = "a1",
                   std::string refresh = "r1") {
    Credential credential;
    credential.key = key;
    credential.binding = {.issuer = "https://as.example",
                          .resource = "https://mcp.example",
                          .token_endpoint = "https://as.example/token"};
    credential.tokens.access_token = Secret(std::move(access));
    credential.tokens.refresh_token = Secret(std::move(refresh));
    credential.tokens.scope = "read";
    return run(credentials().save_login(std::move(credential), epoch)).value();
  }
  static TokenSet pair_of(std::string access, std::string refresh) {
    return {.access_token = Secret(std::move(access)), .refresh_token = Secret(std::move(refresh))};
  }
  Credential found(const CredentialKey& key) {
    return run(credentials().find(key)).value().value();
  }

  const OrganizationId other_organization_{"org_other"};
  TemporaryDirectory directory_;
  ManualClock clock_;
  ManualBootClock boot_;
  NullLogger logger_;
  boost::asio::io_context context_;
  std::array<boost::asio::io_context, 4> thread_contexts_;  ///< outlive the workers that post there
  Workers workers_{2};
  std::unique_ptr<Store> store_;
};

inline const auto kStores = testing::Values("memory", "sqlite");
inline std::string store_name(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace gatehouse::vault
