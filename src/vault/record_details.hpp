// What records hold beyond the columns of the first schema, as key and value pairs: `details`
// stands in the clear, `more_secrets` is sealed. A further field is a further key, not a migration.
// Keys are never changed once released; a key that is missing leaves the field as it is. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vault/records.hpp"
#include "vault/sealer.hpp"

namespace gatehouse::vault {

using Details = std::vector<std::pair<std::string, std::string>>;
using SecretDetails = std::vector<std::pair<std::string, Secret>>;

std::string encode_details(const Details& details);
/// Nothing when it is not a list of pairs. An empty blob is an empty list.
std::optional<Details> decode_details(std::string_view blob);

/// Nothing when there are none: the column is then NULL.
std::optional<std::string> seal_details(const SecretDetails& secrets, const Sealer& sealer,
                                        const Place& place);
/// Errors: corrupt, as Sealer::open.
Result<SecretDetails> open_details(std::string_view sealed, const Sealer& sealer,
                                   const Place& place);

Details details_of(const Connection& connection);
SecretDetails secret_details_of(const Connection& connection);
/// False when a value cannot be understood.
bool apply_details(const Details& details, Connection& connection);
void apply_details(SecretDetails secrets, Connection& connection);

Details details_of(const Credential& credential);
SecretDetails secret_details_of(const Credential& credential);
void apply_details(const Details& details, Credential& credential);
void apply_details(SecretDetails secrets, Credential& credential);

Details details_of(const Registration& registration);
SecretDetails secret_details_of(const Registration& registration);
void apply_details(const Details& details, Registration& registration);
void apply_details(SecretDetails secrets, Registration& registration);

Details details_of(const Authorization& authorization);
void apply_details(const Details& details, Authorization& authorization);

}  // namespace gatehouse::vault
