// mcp.json: whatever text arrives, what is read is bounded and consistent, one entry's problem says
// nothing of its values, and what we write of an entry is read back as the same entry.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/mcp_json.hpp"
#include "config/mcp_text.hpp"
#include "config/placeholder.hpp"
#include "config/relaxed_json.hpp"
#include "http/message.hpp"
#include "jsonrpc/json.hpp"

using namespace gatehouse;
using namespace gatehouse::config;

namespace {

const FilePlace kPlace{"/work/project", "/home/ada"};

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

void check_usable(const FileEntry& entry) {
  const vault::Connection& connection = entry.connection;
  require(is_name(entry.name) && entry.digest.size() == 64 && entry.rest.size() == 64);
  require((connection.transport == vault::Transport::http) == !connection.url.empty());
  require((connection.transport == vault::Transport::stdio) == !connection.command.empty());
  for (const vault::NamedSecret& header : connection.headers) {
    require(check_header_name(header.name).has_value());
    require(header.reference.empty() ? http::is_field_value(header.value.reveal())
                                     : parse_template(header.reference).has_value());
  }
  for (const std::string& root : connection.options.roots) require(root.starts_with('/'));
}

/// Only what writing keeps: a workspace's own directory, say, is written out.
void check_round_trip(const FileEntry& entry) {
  const std::string text =
      "{\"mcpServers\":{" + jsonrpc::quote(entry.name) + ":" +
      entry_json(entry.connection, Words::templates, Kept::shown, entry.allow_private) + "}}";
  const Result<Document> again = parse_mcp_json(text, kPlace);
  require(again && again->entries.size() == 1);
  const FileEntry& read = again->entries.front();
  // Header names without a value and oauth without content are not written.
  if (entry.connection.auth == vault::AuthKind::oauth) return;
  require(!read.problem);
  if (!entry.connection.url.empty()) require(read.allow_private == entry.allow_private);
  require(read.connection.url == entry.connection.url);
  require(read.connection.command == entry.connection.command);
  require(read.connection.options == entry.connection.options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(to_plain_json(text).size() == size);
  const Result<Document> document = parse_mcp_json(text, kPlace);
  if (!document) return 0;
  require(document->entries.size() <= kEntries);
  for (const FileEntry& entry : document->entries) {
    require(entry.line >= 1);
    if (entry.problem) continue;
    check_usable(entry);
    check_round_trip(entry);
  }
  return 0;
}
