// Registrations, pending logins and agent tokens of MemoryStore.
#include "base/limits.hpp"
#include "vault/memory_tables.hpp"

namespace gatehouse::vault {
namespace {

class MemoryRegistrations final : public RegistrationStore {
 public:
  explicit MemoryRegistrations(MemoryTables& tables) : tables_(tables) {}

  Task<Result<std::optional<Registration>>> find_current(OrganizationId organization,
                                                         std::string issuer,
                                                         RegistrationKind kind) override {
    const std::lock_guard lock(tables_.mutex);
    const Registration* found = current(organization, issuer, kind);
    co_return found == nullptr ? std::optional<Registration>()
                               : std::optional<Registration>(*found);
  }

  Task<Result<std::optional<Registration>>> find(OrganizationId organization,
                                                 RegistrationId id) override {
    const std::lock_guard lock(tables_.mutex);
    for (const Registration& one : tables_.registrations) {
      if (one.organization == organization && one.id == id)
        co_return std::optional<Registration>(one);
    }
    co_return std::optional<Registration>();
  }

  Task<Result<Registration>> save(Registration registration,
                                  std::optional<RegistrationId> expected) override {
    MemoryWrite write(tables_);
    Registration* old = current(registration.organization, registration.issuer, registration.kind);
    const bool as_expected = expected ? old != nullptr && old->id == *expected : old == nullptr;
    const bool replaces = old != nullptr && old->id == registration.id;
    if (!as_expected || (replaces && old->revision != registration.revision))
      co_return fail(Errc::conflict, "the registration was changed meanwhile");
    if (registration.id.empty()) registration.id = RegistrationId::make();
    if (registration.created_at == SystemTime{})
      registration.created_at = tables_.clocks.wall.now();
    registration.revision = replaces ? registration.revision + 1 : 1;
    if (replaces) {
      *old = registration;
    } else {
      tables_.registrations.push_back(registration);
    }
    write.changed("registrations", registration.organization, registration.id.value);
    co_return registration;
  }

  Task<Result<Registration>> update(Registration registration) override {
    MemoryWrite write(tables_);
    for (Registration& one : tables_.registrations) {
      if (one.organization != registration.organization || one.id != registration.id) continue;
      if (one.revision != registration.revision)
        co_return fail(Errc::conflict, "the registration was changed meanwhile");
      ++registration.revision;
      one = registration;
      write.changed("registrations", registration.organization, registration.id.value);
      co_return registration;
    }
    co_return fail(Errc::not_found, "the registration is gone");
  }

  Task<Result<std::vector<Registration>>> list(OrganizationId organization) override {
    const std::lock_guard lock(tables_.mutex);
    std::vector<Registration> found;
    for (const Registration& one : tables_.registrations)
      if (one.organization == organization) found.push_back(one);
    co_return found;
  }

  Task<Result<bool>> erase_unused(OrganizationId organization, RegistrationId id) override {
    MemoryWrite write(tables_);
    const bool held = std::ranges::any_of(tables_.credentials, [&](const auto& entry) {
      return entry.second.held() && entry.second.record.binding.registration == id;
    });
    const SystemTime now = tables_.clocks.wall.now();
    const bool awaited =
        std::ranges::any_of(tables_.authorizations, [&](const Authorization& pending) {
          return pending.binding.registration == id &&
                 now - pending.created_at < limits::kAuthorizationLife;
        });
    if (held || awaited) co_return false;
    const auto erased = std::erase_if(tables_.registrations, [&](const Registration& one) {
      return one.organization == organization && one.id == id;
    });
    if (erased > 0) write.changed("registrations", organization, id.value);
    co_return erased > 0;
  }

  Task<Result<void>> erase(OrganizationId organization, RegistrationId id) override {
    MemoryWrite write(tables_);
    const auto erased = std::erase_if(tables_.registrations, [&](const Registration& one) {
      return one.organization == organization && one.id == id;
    });
    if (erased > 0) write.changed("registrations", organization, id.value);
    co_return Result<void>{};
  }

 private:
  Registration* current(const OrganizationId& organization, const std::string& issuer,
                        RegistrationKind kind) {
    Registration* newest = nullptr;
    for (Registration& one : tables_.registrations) {
      if (one.organization == organization && one.issuer == issuer && one.kind == kind)
        newest = &one;
    }
    return newest;
  }

  MemoryTables& tables_;
};

class MemoryAuthorizations final : public AuthorizationStore {
 public:
  explicit MemoryAuthorizations(MemoryTables& tables) : tables_(tables) {}

  Task<Result<void>> save(Authorization authorization) override {
    MemoryWrite write(tables_);
    const CredentialKey key = authorization.key;
    if (tables_.find_connection(key.organization, key.connection) == nullptr)
      co_return fail(Errc::not_found, "the connection does not exist", "see gatehouse list");
    if (authorization.id.empty()) authorization.id = AuthorizationId::make();
    if (authorization.created_at == SystemTime{})
      authorization.created_at = tables_.clocks.wall.now();
    auto& rows = tables_.authorizations;
    std::erase_if(rows, [&](const Authorization& one) { return one.key == key || expired(one); });
    rows.push_back(std::move(authorization));
    const auto same_owner = [&](const Authorization& one) {
      return one.key.connection == key.connection && one.key.owner == key.owner;
    };
    while (static_cast<std::size_t>(std::ranges::count_if(rows, same_owner)) >
           limits::kPendingLogins)
      rows.erase(std::ranges::find_if(rows, same_owner));
    co_return Result<void>{};
  }

  Task<Result<std::optional<Authorization>>> find(OrganizationId organization,
                                                  std::string state_hash) override {
    const std::lock_guard lock(tables_.mutex);
    const auto found = locate(organization, state_hash);
    if (found == tables_.authorizations.end()) co_return std::optional<Authorization>();
    co_return std::optional<Authorization>(*found);
  }

  Task<Result<std::optional<Authorization>>> take(OrganizationId organization,
                                                  std::string state_hash) override {
    MemoryWrite write(tables_);
    const auto found = locate(organization, state_hash);
    if (found == tables_.authorizations.end()) co_return std::optional<Authorization>();
    std::optional<Authorization> taken(std::move(*found));
    tables_.authorizations.erase(found);
    co_return taken;
  }

  Task<Result<void>> erase(OrganizationId organization, AuthorizationId id) override {
    MemoryWrite write(tables_);
    std::erase_if(tables_.authorizations, [&](const Authorization& one) {
      return one.key.organization == organization && one.id == id;
    });
    co_return Result<void>{};
  }

 private:
  bool expired(const Authorization& one) const {
    return tables_.clocks.wall.now() - one.created_at >= limits::kAuthorizationLife;
  }

  std::vector<Authorization>::iterator locate(const OrganizationId& organization,
                                              const std::string& state_hash) {
    return std::ranges::find_if(tables_.authorizations, [&](const Authorization& one) {
      return one.key.organization == organization && one.state_hash == state_hash && !expired(one);
    });
  }

  MemoryTables& tables_;
};

class MemoryAgentTokens final : public AgentTokenStore {
 public:
  explicit MemoryAgentTokens(MemoryTables& tables) : tables_(tables) {}

  Task<Result<void>> create(AgentToken token) override {
    MemoryWrite write(tables_);
    const bool exists = std::ranges::any_of(tables_.agent_tokens, [&](const AgentToken& one) {
      return one.id == token.id || one.hash == token.hash;
    });
    if (exists) co_return fail(Errc::conflict, "the token exists already");
    write.changed("agent_tokens", token.organization, token.id.value);
    tables_.agent_tokens.push_back(std::move(token));
    co_return Result<void>{};
  }

  Task<Result<std::optional<AgentToken>>> find_by_hash(std::string hash) override {
    const std::lock_guard lock(tables_.mutex);
    for (const AgentToken& one : tables_.agent_tokens) {
      if (one.hash == hash) co_return std::optional<AgentToken>(one);
    }
    co_return std::optional<AgentToken>();
  }

  Task<Result<std::vector<AgentToken>>> list(OrganizationId organization) override {
    const std::lock_guard lock(tables_.mutex);
    std::vector<AgentToken> found;
    for (const AgentToken& one : tables_.agent_tokens) {
      if (one.organization == organization) found.push_back(one);
    }
    co_return found;
  }

  Task<Result<void>> revoke(OrganizationId organization, TokenId id, SystemTime now) override {
    MemoryWrite write(tables_);
    for (AgentToken& one : tables_.agent_tokens) {
      if (one.organization != organization || one.id != id) continue;
      if (!one.revoked_at) one.revoked_at = now;
      write.changed("agent_tokens", organization, id.value);
      co_return Result<void>{};
    }
    co_return fail(Errc::not_found, "there is no such token", "see gatehouse token list");
  }

 private:
  MemoryTables& tables_;
};

}  // namespace

std::unique_ptr<RegistrationStore> make_memory_registrations(MemoryTables& tables) {
  return std::make_unique<MemoryRegistrations>(tables);
}

std::unique_ptr<AuthorizationStore> make_memory_authorizations(MemoryTables& tables) {
  return std::make_unique<MemoryAuthorizations>(tables);
}

std::unique_ptr<AgentTokenStore> make_memory_agent_tokens(MemoryTables& tables) {
  return std::make_unique<MemoryAgentTokens>(tables);
}

}  // namespace gatehouse::vault
