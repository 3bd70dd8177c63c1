#include "config/row.hpp"

#include <algorithm>

#include "config/file_connections.hpp"
#include "http/url.hpp"

namespace gatehouse::config {
namespace {

// The person wrote the address down, or approved it as it is shown. Only what the guard would
// refuse needs saying; a public name stays one. What the file does not say any more, it takes back.
void allow_own_origin(vault::Connection& connection, bool allow_private) {
  const Result<http::Url> url = http::Url::parse(connection.url);
  if (!url) return;
  const http::Allowance own{url->origin(), http::Purpose::connection};
  if (!url->names_loopback() && !allow_private) {
    std::erase(connection.allowances, own);
    return;
  }
  if (std::ranges::find(connection.allowances, own) == connection.allowances.end())
    connection.allowances.push_back(own);
}

}  // namespace

bool allows_own_origin(const vault::Connection& connection) {
  const Result<http::Url> url = http::Url::parse(connection.url);
  if (!url || url->names_loopback()) return false;
  const http::Allowance own{url->origin(), http::Purpose::connection};
  return std::ranges::find(connection.allowances, own) != connection.allowances.end();
}

std::string row_digest(const FileEntry& entry) {
  return entry.digest + "." + entry.rest;
}

bool is_approved(const vault::Connection& row, const FileEntry& entry) {
  return row.origin_digest.starts_with(entry.digest + ".");
}

bool is_current(const vault::Connection& row, const FileEntry& entry, std::string_view url) {
  return row.origin_digest == row_digest(entry) && row.url == url && row.secrets_problem.empty() &&
         !row.origin_missing_since;
}

vault::Connection merge(const FileEntry& entry, std::string url, std::string file,
                        const std::optional<vault::Connection>& row) {
  vault::Connection wanted = entry.connection;
  wanted.name = stored_name(entry.name, file);
  wanted.url = std::move(url);
  wanted.origin = std::move(file);
  wanted.origin_digest = row_digest(entry);
  if (row) {
    wanted.id = row->id;
    wanted.organization = row->organization;
    wanted.created_at = row->created_at;
    wanted.revision = row->revision;
    wanted.mode = row->mode;
    wanted.default_account = row->default_account;
    const bool same_server = row->url == wanted.url;
    // What was found out, and what the person said yes to or typed at a prompt.
    if (same_server) wanted.allowances = row->allowances;
    if (same_server && wanted.auth == vault::AuthKind::unknown &&
        row->auth != vault::AuthKind::headers)
      wanted.auth = row->auth;
    if (same_server && is_approved(*row, entry)) wanted.oauth = row->oauth;
  }
  allow_own_origin(wanted, entry.allow_private);
  return wanted;
}

}  // namespace gatehouse::config
