#include "oauth/scope.hpp"

#include <algorithm>

namespace gatehouse::oauth {
namespace {

constexpr std::string_view kOfflineAccess = "offline_access";
constexpr std::size_t kScopes = 256;  // of one request; a remote list beyond is no list of scopes

void add(std::vector<std::string>& scopes, std::string_view scope) {
  if (scopes.size() >= kScopes) return;
  if (!scope.empty() && std::ranges::find(scopes, scope) == scopes.end())
    scopes.emplace_back(scope);
}

void add_all(std::vector<std::string>& scopes, const std::vector<std::string>& more) {
  for (const std::string& scope : more) add(scopes, scope);
}

}  // namespace

std::vector<std::string> split_scope(std::string_view scope) {
  std::vector<std::string> scopes;
  std::size_t start = 0;
  while (start <= scope.size()) {
    const std::size_t end = std::min(scope.find(' ', start), scope.size());
    add(scopes, scope.substr(start, end - start));
    start = end + 1;
  }
  return scopes;
}

std::string join_scope(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) {
    if (!text.empty()) text += ' ';
    text += scope;
  }
  return text;
}

std::string scope_union(std::string_view a, std::string_view b) {
  std::vector<std::string> scopes = split_scope(a);
  add_all(scopes, split_scope(b));
  return join_scope(scopes);
}

std::vector<std::string> missing_scopes(std::string_view wanted, std::string_view granted) {
  const std::vector<std::string> have = split_scope(granted);
  std::vector<std::string> missing = split_scope(wanted);
  std::erase_if(missing, [&](const std::string& scope) {
    return std::ranges::find(have, scope) != have.end();
  });
  return missing;
}

std::string select_scope(const ScopeSources& sources) {
  // a step-up asks for what was asked before and what the challenge demands.
  std::vector<std::string> scopes = split_scope(sources.previously_requested);
  const std::vector<std::string> challenged = split_scope(sources.challenge);
  if (!challenged.empty()) {
    add_all(scopes, challenged);
  } else if (scopes.empty()) {
    add_all(scopes, sources.resource_scopes);
  }
  add_all(scopes, sources.configured);
  // asked for only when the authorization server lists it (or a person insists), and not
  // alone, since naming one scope gives up the server's defaults.
  const auto lists = [](const std::vector<std::string>& list) {
    return std::ranges::find(list, kOfflineAccess) != list.end();
  };
  if (lists(sources.server_scopes)) {
    if (!scopes.empty()) add(scopes, kOfflineAccess);
  } else if (!lists(sources.configured)) {
    std::erase(scopes, kOfflineAccess);
  }
  return join_scope(scopes);
}

}  // namespace gatehouse::oauth
