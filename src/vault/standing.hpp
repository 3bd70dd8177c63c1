// Standing: how a connection stands, on the one ladder that commands, agents and pages show. Pure.
#pragma once

#include <string_view>

#include "vault/records.hpp"

namespace gatehouse::vault {

enum class Standing {
  disabled,          ///< a person switched it off
  configured,        ///< never tried
  sign_in_required,  ///< a person must sign in
  unreachable,       ///< network, TLS or process problem
  failing,           ///< reached, but protocol or server errors, or stored secrets are lost
  ready,             ///< its tools were listed with the credential in use
};

Standing standing_of(const Connection& connection, const ConnectionState& state);

/// For programs: "sign_in_required".
std::string_view to_string(Standing standing);
/// For people: "sign in required".
std::string_view describe(Standing standing);

}  // namespace gatehouse::vault
