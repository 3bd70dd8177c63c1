#include "config/mcp_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "config/mcp_entry_json.hpp"
#include "config/relaxed_json.hpp"
#include "jsonrpc/scanner.hpp"

namespace gatehouse::config {
namespace {

using jsonrpc::JsonView;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

Result<JsonView> prove(std::string_view text) {
  jsonrpc::NullSink sink;
  jsonrpc::Scanner<jsonrpc::NullSink> scanner(text, limits::kJsonDepth, sink);
  if (scanner.run()) return JsonView::of_proved(text);
  const std::size_t at = std::min(scanner.offset(), text.size());
  const std::size_t line_start = text.substr(0, at).rfind('\n');
  const std::size_t column = at - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  return fail(Errc::parse, fmt::format("line {}, column {}: {}", line_at(text, at), column,
                                       jsonrpc::describe(scanner.fault())));
}

void read_servers(const JsonView& servers, std::string_view text, const FilePlace& place,
                  Document& document, std::map<std::string, std::string>& taken) {
  for (const jsonrpc::JsonMember& member : servers.members()) {
    if (document.entries.size() >= kEntries) {
      document.warnings.push_back(
          fmt::format("only the first {} entries are read (kEntries)", kEntries));
      return;
    }
    FileEntry entry;
    entry.written = member.key();
    entry.line = line_at(text, static_cast<std::size_t>(member.raw_key.data() - text.data()));
    entry.name = connection_name(entry.written);
    const auto [other, free] = taken.emplace(entry.name, entry.written);
    if (entry.name.empty()) {
      entry.problem = Error{Errc::invalid_argument, "its name has no letter or digit",
                            "a name has lower-case letters, digits, - and _"};
    } else if (!free) {
      entry.problem = Error{Errc::invalid_argument,
                            fmt::format("its name {} is taken by the entry {}", entry.name,
                                        quote_remote(other->second, 60)),
                            "rename one of them"};
    } else {
      if (entry.name != entry.written)
        entry.warnings.push_back(fmt::format("it is called {} here", entry.name));
      EntryReader(place, entry).read(member.value);
    }
    entry.connection.name = entry.name;
    document.entries.push_back(std::move(entry));
  }
}

}  // namespace

std::string connection_name(std::string_view written) {
  std::string name;
  for (const char c : ascii_lower(written)) {
    const bool good = is_plain(c) || c == '_' || c == '-';
    if (name.empty() && !is_plain(c)) continue;
    if (good)
      name += c;
    else if (name.back() != '-')
      name += '-';
    if (name.size() == 32) break;
  }
  while (!name.empty() && name.back() == '-' && !written.ends_with('-')) name.pop_back();
  return name;
}

Result<Document> parse_mcp_json(std::string_view text, const FilePlace& place) {
  if (text.size() > kFileBytes)
    return fail(Errc::too_large, fmt::format("it is longer than {} bytes", kFileBytes));
  const std::string plain = to_plain_json(text);
  if (plain.find_first_not_of(" \t\r\n") == std::string::npos) return Document{};
  const Result<JsonView> root = prove(plain);
  if (!root) return std::unexpected(root.error());
  if (!root->is_object())
    return fail(Errc::parse, "it is not an object",
                "{\"mcpServers\": {\"name\": {\"url\": \"https://…\"}}}");
  Document document;
  std::map<std::string, std::string> taken;
  bool any = false;
  for (const jsonrpc::JsonMember& member : root->members()) {
    if (member.is("mcpServers") || member.is("servers")) {
      any = true;
      if (!member.value.is_object())
        return fail(Errc::parse, member.key() + " is not an object of servers by name");
      read_servers(member.value, plain, place, document, taken);
    } else if (!member.is("inputs") && !member.is("$schema")) {
      document.warnings.push_back(fmt::format("the field {} is not known here and has no effect",
                                              quote_remote(member.key(), 60)));
    }
  }
  if (!any && root->size() > 0)
    document.warnings.push_back("it has neither mcpServers nor servers");
  return document;
}

}  // namespace gatehouse::config
