// Names of enumerators as they stand in the store. Never changed once released.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "vault/records.hpp"

namespace gatehouse::vault {

template <class E, std::size_t N>
using NameTable = std::array<std::pair<E, std::string_view>, N>;

inline constexpr NameTable<Transport, 2> kTransportNames{{
    {Transport::http, "http"},
    {Transport::stdio, "stdio"},
}};
inline constexpr NameTable<AuthKind, 4> kAuthKindNames{{
    {AuthKind::unknown, "unknown"},
    {AuthKind::none, "none"},
    {AuthKind::oauth, "oauth"},
    {AuthKind::headers, "headers"},
}};
inline constexpr NameTable<CredentialMode, 2> kCredentialModeNames{{
    {CredentialMode::shared, "shared"},
    {CredentialMode::per_member, "per_member"},
}};
inline constexpr NameTable<Health, 5> kHealthNames{{
    {Health::configured, "configured"},
    {Health::sign_in_required, "sign_in_required"},
    {Health::unreachable, "unreachable"},
    {Health::failing, "failing"},
    {Health::ready, "ready"},
}};
inline constexpr NameTable<RegistrationKind, 3> kRegistrationKindNames{{
    {RegistrationKind::preregistered, "preregistered"},
    {RegistrationKind::client_metadata, "client_metadata"},
    {RegistrationKind::dynamic, "dynamic"},
}};
inline constexpr NameTable<Grant, 4> kGrantNames{{
    {Grant::authorization_code, "authorization_code"},
    {Grant::client_credentials, "client_credentials"},
    {Grant::jwt_bearer, "jwt_bearer"},
    {Grant::identity_assertion, "identity_assertion"},
}};
inline constexpr NameTable<Dpop, 3> kDpopNames{{
    {Dpop::automatic, "automatic"},
    {Dpop::required, "required"},
    {Dpop::never, "never"},
}};
inline constexpr NameTable<Role, 2> kRoleNames{{
    {Role::server, "server"},
    {Role::identity_provider, "identity_provider"},
}};
inline constexpr NameTable<OnChange, 2> kOnChangeNames{{
    {OnChange::allow, "allow"},
    {OnChange::block, "block"},
}};
inline constexpr NameTable<http::Purpose, 3> kPurposeNames{{
    {http::Purpose::connection, "connection"},
    {http::Purpose::authorization_server, "authorization_server"},
    {http::Purpose::client_metadata, "client_metadata"},
}};

template <class E, std::size_t N>
constexpr std::string_view name_in(const NameTable<E, N>& table, E value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return {};
}

template <class E, std::size_t N>
constexpr std::optional<E> value_in(const NameTable<E, N>& table, std::string_view name) {
  for (const auto& [value, known] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace gatehouse::vault
