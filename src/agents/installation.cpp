#include "agents/installation.hpp"

#include <fmt/format.h>

#include "agents/text_edit.hpp"
#include "agents/to_json.hpp"
#include "config/relaxed_json.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::agents {
namespace {

using jsonrpc::JsonView;
using jsonrpc::quote;

/// Where the entry stands, from the root.
std::vector<std::string> path_of(Format format) {
  const std::string name(kEntryName);
  switch (format) {
    case Format::mcp_servers:
    case Format::claude_code:
      return {"mcpServers", name};
    case Format::vscode:
      return {"servers", name};
    case Format::codex:
      return {"mcp_servers", name};
    case Format::opencode:
      return {"mcp", name};
    case Format::tomo:
      return {"mcp", "connections", name};
  }
  return {};
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& word : list) out += (out.empty() ? "" : ", ") + quote(word);
  return out;
}

/// `prefix` name and value of GATEHOUSE_HOME `suffix`; empty when it is not set.
std::string home_text(const Launch& launch, std::string_view prefix, std::string_view between,
                      std::string_view suffix) {
  if (launch.home.empty()) return {};
  return fmt::format("{}GATEHOUSE_HOME{}{}{}", prefix, between, quote(launch.home), suffix);
}

std::string json_entry(Format format, const Launch& launch) {
  if (format == Format::opencode) {
    return fmt::format(R"({{"type": "local", "command": [{}, {}], "enabled": true{}}})",
                       quote(launch.program), words(launch.arguments),
                       home_text(launch, R"(, "environment": {")", R"(": )", "}"));
  }
  const bool typed = format == Format::claude_code || format == Format::vscode;
  return fmt::format(R"({{{}"command": {}, "args": [{}]{}}})", typed ? R"("type": "stdio", )" : "",
                     quote(launch.program), words(launch.arguments),
                     home_text(launch, R"(, "env": {")", R"(": )", "}"));
}

std::string toml_section(const Launch& launch) {
  // A basic string of TOML takes every escape that quote() writes.
  return fmt::format("[mcp_servers.{}]\ncommand = {}\nargs = [{}]\n{}", kEntryName,
                     quote(launch.program), words(launch.arguments),
                     home_text(launch, "env = { ", " = ", " }\n"));
}

std::string yaml_entry(const Launch& launch, std::string_view indent) {
  const std::string environment = home_text(launch, "  env: {", ": ", "}\n");
  return fmt::format("{0}{1}:\n{0}  transport: stdio\n{0}  command: {2}\n{0}  args: [{3}]\n{4}{5}",
                     indent, kEntryName, quote(launch.program), words(launch.arguments),
                     environment.empty() ? std::string_view() : indent, environment);
}

Result<std::string> as_json(Format format, std::string_view text) {
  if (format == Format::codex) return toml_to_json(text);
  if (format == Format::tomo) return yaml_to_json(text);
  return config::to_plain_json(text);
}

/// A JSON document of it; of an empty one "{}".
Result<std::string> document_of(Format format, std::string_view text) {
  Result<std::string> json = as_json(format, text);
  if (!json) return json;
  const std::string_view kept = *json;
  if (kept.find_first_not_of(" \t\r\n") == std::string_view::npos || kept == "null")
    return std::string("{}");
  const Result<JsonView> root = JsonView::parse(*json, "the file");
  if (!root) return std::unexpected(root.error());
  if (!root->is_object()) return fail(Errc::parse, "the file is no list of settings");
  return json;
}

std::string find_raw(std::string_view json, const std::vector<std::string>& path) {
  const Result<JsonView> root = JsonView::parse(json, "the file");
  std::optional<JsonView> at = root ? std::optional<JsonView>(*root) : std::nullopt;
  for (const std::string& name : path)
    if (at) at = at->find(name);
  return at ? std::string(at->raw()) : std::string();
}

/// `text` without the lines of the section and those below it.
std::string without_toml_section(std::string_view text) {
  const std::string plain = fmt::format("[mcp_servers.{}", kEntryName);
  const std::string quoted = fmt::format("[mcp_servers.\"{}\"", kEntryName);
  std::string out;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const std::string_view head = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    if (head.starts_with('[')) {
      const std::string_view after = head.starts_with(plain)    ? head.substr(plain.size())
                                     : head.starts_with(quoted) ? head.substr(quoted.size())
                                                                : std::string_view();
      inside = after.starts_with(']') || after.starts_with('.');
    }
    if (!inside) out += line;
  }
  return out;
}

std::string with_toml_section(std::string_view text, const Launch& launch) {
  std::string out = without_toml_section(text);
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  if (!out.empty() && !out.ends_with("\n\n")) out += '\n';
  return out + toml_section(launch);
}

/// How deep a line is indented; nothing for blank lines and comments.
std::optional<std::size_t> indentation(std::string_view line) {
  const std::size_t at = line.find_first_not_of(' ');
  if (at == std::string_view::npos || line[at] == '#' || line[at] == '\n' || line[at] == '\r')
    return std::nullopt;
  return at;
}

bool is_key(std::string_view line, std::string_view key) {
  const std::size_t at = line.find_first_not_of(' ');
  return at != std::string_view::npos && line.substr(at).starts_with(key) &&
         line.substr(at + key.size()).starts_with(':');
}

/// Block style only; the caller proves the result.
std::string edit_yaml(std::string_view text, const Launch* launch) {
  std::string out;
  std::size_t mcp = std::string::npos;  // indentation of what stands below `mcp:`
  bool in_mcp = false, in_connections = false, dropping = false, added = false;
  std::size_t depth_of_connections = 0, depth_of_entry = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const auto depth = indentation(line);
    if (depth) {
      if (dropping && *depth <= depth_of_entry) dropping = false;
      if (in_connections && *depth <= depth_of_connections) in_connections = false;
      if (*depth == 0) in_mcp = false;
      if (in_connections && is_key(line, kEntryName)) {
        dropping = true;
        depth_of_entry = *depth;
      }
    }
    if (!dropping) out += line;
    if (!depth) continue;
    if (*depth == 0 && is_key(line, "mcp")) {
      in_mcp = true;
      mcp = out.size();
    } else if (in_mcp && is_key(line, "connections")) {
      in_connections = true;
      depth_of_connections = *depth;
      if (launch != nullptr) {
        if (!out.ends_with('\n')) out += '\n';
        out += yaml_entry(*launch, std::string(*depth + 2, ' '));
        added = true;
      }
    }
  }
  if (launch == nullptr || added) return out;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  const std::string block = "  connections:\n" + yaml_entry(*launch, "    ");
  if (mcp != std::string::npos) return out.insert(mcp, block);
  return out + "mcp:\n" + block;
}

Result<std::string> edit(Format format, std::string_view text, const Launch* launch) {
  const std::vector<std::string> path = path_of(format);
  if (format == Format::codex)
    return launch != nullptr ? with_toml_section(text, *launch) : without_toml_section(text);
  if (format == Format::tomo) return edit_yaml(text, launch);
  if (launch == nullptr) return erase_json_member(text, path.front(), path.back());
  return set_json_member(text, path.front(), path.back(), json_entry(format, *launch));
}

std::string to_paste(Format format, const Launch& launch) {
  if (format == Format::codex) return toml_section(launch);
  if (format == Format::tomo) return "mcp:\n  connections:\n" + yaml_entry(launch, "    ");
  return fmt::format("below {}: {}: {}", quote(path_of(format).front()), quote(kEntryName),
                     json_entry(format, launch));
}

/// Nothing but the entry differs.
bool is_clean(Format format, std::string_view before, std::string_view after) {
  const Result<std::string> old_json = document_of(format, before);
  const Result<std::string> new_json = document_of(format, after);
  const std::vector<std::string> path = path_of(format);
  return old_json && new_json &&
         fingerprint_without(*old_json, path) == fingerprint_without(*new_json, path);
}

}  // namespace

Result<std::string> add_gatehouse(Format format, std::string_view text, const Launch& launch) {
  const Result<std::string> before = document_of(format, text);
  if (!before) return std::unexpected(before.error());
  const Result<std::string> sample = edit(format, "", &launch);
  const Result<std::string> wanted = document_of(format, sample.value_or(""));
  if (!wanted) return std::unexpected(wanted.error());
  const std::vector<std::string> path = path_of(format);
  if (find_raw(*before, path) == find_raw(*wanted, path)) return std::string(text);
  const Result<std::string> edited = edit(format, text, &launch);
  if (!edited) return edited;
  const Result<std::string> after = document_of(format, *edited);
  if (after && find_raw(*after, path) == find_raw(*wanted, path) && is_clean(format, text, *edited))
    return edited;
  return fail(Errc::unsupported, "the file is written in a way that cannot be edited safely",
              "put this into it by hand: " + to_paste(format, launch));
}

Result<std::string> remove_gatehouse(Format format, std::string_view text) {
  const Result<std::string> before = document_of(format, text);
  if (!before) return std::unexpected(before.error());
  const std::vector<std::string> path = path_of(format);
  if (find_raw(*before, path).empty()) return std::string(text);
  const Result<std::string> edited = edit(format, text, nullptr);
  if (!edited) return edited;
  const Result<std::string> after = document_of(format, *edited);
  if (after && find_raw(*after, path).empty() && is_clean(format, text, *edited)) return edited;
  return fail(Errc::unsupported, "the file is written in a way that cannot be edited safely",
              fmt::format("take the entry {} out by hand", kEntryName));
}

}  // namespace gatehouse::agents
