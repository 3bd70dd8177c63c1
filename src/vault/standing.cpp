#include "vault/standing.hpp"

namespace gatehouse::vault {

Standing standing_of(const Connection& connection, const ConnectionState& state) {
  if (!connection.options.enabled) return Standing::disabled;
  if (!connection.secrets_problem.empty()) return Standing::failing;
  switch (state.health) {
    case Health::configured:
      return Standing::configured;
    case Health::sign_in_required:
      return Standing::sign_in_required;
    case Health::unreachable:
      return Standing::unreachable;
    case Health::failing:
      return Standing::failing;
    case Health::ready:
      return Standing::ready;
  }
  return Standing::configured;
}

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::disabled:
      return "disabled";
    case Standing::configured:
      return "configured";
    case Standing::sign_in_required:
      return "sign_in_required";
    case Standing::unreachable:
      return "unreachable";
    case Standing::failing:
      return "failing";
    case Standing::ready:
      return "ready";
  }
  return "configured";
}

std::string_view describe(Standing standing) {
  return standing == Standing::sign_in_required ? "sign in required" : to_string(standing);
}

}  // namespace gatehouse::vault
