// Scopes: which to ask for at sign-in and at step-up. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::oauth {

/// Splits at spaces; empty parts are dropped, duplicates removed, order kept.
std::vector<std::string> split_scope(std::string_view scope);
std::string join_scope(const std::vector<std::string>& scopes);
/// Everything in `a`, then what only `b` has.
std::string scope_union(std::string_view a, std::string_view b);
/// Those of `wanted` that `granted` lacks.
std::vector<std::string> missing_scopes(std::string_view wanted, std::string_view granted);

struct ScopeSources {
  std::string_view challenge;  ///< scope of the 401 or 403; authoritative for this operation
  std::vector<std::string> resource_scopes;  ///< scopes_supported of the protected resource
  std::vector<std::string> configured;       ///< what a person asked for in addition
  std::string_view previously_requested;     ///< step-up: the union of all earlier requests
  std::vector<std::string> server_scopes;    ///< scopes_supported of the authorization server
};

/// The challenge's scope, else all of the resource's, else nothing; with what was configured and
/// previously requested. offline_access is added when the authorization server lists it and dropped
/// when it does not, unless configured. Empty: omit the parameter.
std::string select_scope(const ScopeSources& sources);

}  // namespace gatehouse::oauth
