#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "agents/to_json.hpp"
#include "agents/translation.hpp"
#include "base/error.hpp"
#include "config/relaxed_json.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::agents {
namespace {

using jsonrpc::append_quoted;
using jsonrpc::JsonMember;
using jsonrpc::JsonView;
using jsonrpc::quote;

/// A JSON object under construction.
class Members {
 public:
  void add(std::string_view name, std::string_view raw) {
    if (!text_.empty()) text_ += ',';
    append_quoted(text_, name);
    text_ += ':';
    text_ += raw;
  }
  std::string object() const { return "{" + text_ + "}"; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

class Translator {
 public:
  Translation result;

  void servers(const JsonView& object,
               std::string (Translator::*entry)(std::string_view, const JsonView&)) {
    for (const JsonMember& member : object.members()) {
      const std::string name = member.key();
      if (!taken_.insert(name).second) {
        lose(
            fmt::format("{} is there several times; the first one counts", quote_remote(name, 60)));
        continue;
      }
      members_.add(name, (this->*entry)(name, member.value));
    }
  }
  std::string as_is(std::string_view, const JsonView& entry) { return std::string(entry.raw()); }
  std::string openab(std::string_view name, const JsonView& entry);
  std::string codex(std::string_view name, const JsonView& entry);
  std::string opencode(std::string_view name, const JsonView& entry);
  std::string tomo(std::string_view name, const JsonView& entry);

  Translation finish() {
    result.json = "{\"mcpServers\":" + members_.object() + "}";
    return std::move(result);
  }

 private:
  void lose(std::string text) { result.losses.push_back(std::move(text)); }
  void lose_field(std::string_view name, std::string_view field) {
    lose(
        fmt::format("{}: {} does not come along", quote_remote(name, 60), quote_remote(field, 60)));
  }

  Members members_;
  std::set<std::string> taken_;
};

/// As milliseconds. What is far out of range stays out of range, and is refused later.
std::string seconds(const JsonView& value) {
  constexpr double kMost = 1e12;
  const auto number = value.as_double();
  if (!number || std::isnan(*number)) return "null";
  return std::to_string(static_cast<std::int64_t>(std::clamp(*number, -kMost, kMost) * 1000));
}

/// {"include": […], "exclude": […]} of what is there.
std::string tool_filter(const std::optional<JsonView>& include,
                        const std::optional<JsonView>& exclude) {
  Members filter;
  if (include && include->size() > 0) filter.add("include", include->raw());
  if (exclude && exclude->size() > 0) filter.add("exclude", exclude->raw());
  return filter.object();
}

// https://developers.openai.com/codex: [mcp_servers.NAME]
std::string Translator::codex(std::string_view name, const JsonView& entry) {
  static const std::set<std::string_view> kSame{"command", "args", "cwd", "url", "enabled"};
  Members out, headers, environment, timeouts;
  std::optional<JsonView> include, exclude;
  for (const JsonMember& member : entry.members()) {
    const std::string key = member.key();
    const JsonView& value = member.value;
    if (kSame.contains(key)) {
      out.add(key, value.raw());
    } else if (key == "env" || key == "http_headers") {
      Members& into = key == "env" ? environment : headers;
      for (const JsonMember& one : value.members()) into.add(one.key(), one.value.raw());
    } else if (key == "env_vars") {
      for (const JsonView& variable : value.elements()) {
        const std::string text = variable.as_string().value_or("");
        environment.add(text, quote("${" + text + "}"));
      }
    } else if (key == "env_http_headers") {
      for (const JsonMember& one : value.members())
        headers.add(one.key(), quote("${" + one.value.as_string().value_or("") + "}"));
    } else if (key == "bearer_token_env_var") {
      headers.add("Authorization", quote("Bearer ${" + value.as_string().value_or("") + "}"));
    } else if (key == "tool_timeout_sec") {
      timeouts.add("request", seconds(value));
    } else if (key == "startup_timeout_sec") {
      timeouts.add("connect", seconds(value));
    } else if (key == "startup_timeout_ms") {
      timeouts.add("connect", value.raw());
    } else if (key == "enabled_tools") {
      include = value;
    } else if (key == "disabled_tools") {
      exclude = value;
    } else {
      lose_field(name, key);
    }
  }
  if (!headers.empty()) out.add("headers", headers.object());
  if (!environment.empty()) out.add("env", environment.object());
  if (!timeouts.empty()) out.add("timeouts", timeouts.object());
  if (include || exclude) out.add("tools", tool_filter(include, exclude));
  return out.object();
}

/// OpenCode's {env:NAME} and {file:PATH} as ours; raw JSON in and out.
std::string with_our_placeholders(std::string_view raw) {
  std::string out;
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t open = std::min(raw.find("{env:", at), raw.find("{file:", at));
    if (open == std::string_view::npos) break;
    const std::size_t close = raw.find('}', open);
    if (close == std::string_view::npos) break;
    const bool has_dollar = open > at && raw[open - 1] == '$';
    out += raw.substr(at, open - at);
    out += has_dollar ? "" : "$";
    out += raw.substr(open, close + 1 - open);
    at = close + 1;
  }
  return out += raw.substr(std::min(at, raw.size()));
}

std::string Translator::opencode(std::string_view name, const JsonView& entry) {
  Members out;
  for (const JsonMember& member : entry.members()) {
    const std::string key = member.key();
    const JsonView& value = member.value;
    if (key == "type" || key == "url" || key == "enabled" || key == "timeout") {
      out.add(key, with_our_placeholders(value.raw()));
    } else if (key == "headers") {
      out.add("headers", with_our_placeholders(value.raw()));
    } else if (key == "environment") {
      out.add("env", with_our_placeholders(value.raw()));
    } else if (key == "command" && value.is_array() && value.size() > 0) {
      std::string arguments;
      bool first = true;
      for (const JsonView& word : value.elements()) {
        const std::string raw = with_our_placeholders(word.raw());
        if (first) {
          out.add("command", raw);
        } else {
          arguments += (arguments.empty() ? "" : ",") + raw;
        }
        first = false;
      }
      out.add("args", "[" + arguments + "]");
    } else if (key == "oauth") {
      if (value.is_object()) out.add("oauth", with_our_placeholders(value.raw()));
    } else {
      lose_field(name, key);
    }
  }
  return out.object();
}

std::string Translator::tomo(std::string_view name, const JsonView& entry) {
  Members out;
  for (const JsonMember& member : entry.members()) {
    const std::string key = member.key();
    if (key == "transport") {
      out.add("type", member.value.raw());
    } else if (key == "auth") {
      if (member.value.size() > 0) out.add("oauth", member.value.raw());
    } else if (key == "command" || key == "args" || key == "env" || key == "enabled" ||
               key == "url" || key == "headers") {
      out.add(key, member.value.raw());
    } else {
      lose_field(name, key);
    }
  }
  return out.object();
}

/// Cursor and Claude Desktop have nothing of this; openab has, in the same document.
std::string Translator::openab(std::string_view name, const JsonView& entry) {
  static const std::set<std::string_view> kOauthNames{"scopes", "client_id", "client_secret",
                                                      "redirect_uri"};
  Members out;
  for (const JsonMember& member : entry.members()) {
    const std::string key = member.key();
    const JsonView& value = member.value;
    if (key == "tool_filter") {
      out.add("tools", tool_filter(value.find("include"), value.find("exclude")));
    } else if (key == "request_timeout_secs") {
      out.add("timeout", seconds(value));
    } else if (key == "log_level") {
      out.add("logLevel", value.raw());
    } else if (key == "ping_interval_secs" || key == "ping_timeout_secs") {
      lose_field(name, key);
    } else if (key == "oauth" && value.find("client_id")) {
      Members oauth;
      for (const JsonMember& one : value.members()) {
        const std::string field = one.key();
        if (!kOauthNames.contains(field)) {
          // Endpoints are discovered here, never configured.
          lose_field(name, "oauth." + field);
          continue;
        }
        const std::string_view ours = field == "client_id"       ? "clientId"
                                      : field == "client_secret" ? "clientSecret"
                                      : field == "redirect_uri"  ? "redirectUri"
                                                                 : "scopes";
        oauth.add(ours, one.value.raw());
      }
      out.add("oauth", oauth.object());
    } else if (key == "oauth") {
      lose_field(name, key);  // a built-in provider of openab's own
    } else {
      out.add(key, value.raw());
    }
  }
  return out.object();
}

Result<std::string> plain_text(Format format, std::string_view text) {
  if (format == Format::codex) return toml_to_json(text);
  if (format == Format::tomo) return yaml_to_json(text);
  return config::to_plain_json(text);
}

void take_json(Translator& translator, Format format, const JsonView& root) {
  const auto at = [&root](std::string_view name) { return root.find(name).value_or(JsonView()); };
  switch (format) {
    case Format::mcp_servers:
      translator.servers(at("mcpServers"), &Translator::openab);
      break;
    case Format::claude_code:
      translator.servers(at("mcpServers"), &Translator::as_is);
      for (const JsonMember& project : at("projects").members()) {
        translator.servers(project.value.find("mcpServers").value_or(JsonView()),
                           &Translator::as_is);
      }
      break;
    case Format::vscode:
      translator.servers(at("servers"), &Translator::as_is);
      translator.servers(at("mcp").find("servers").value_or(JsonView()), &Translator::as_is);
      break;
    case Format::codex:
      translator.servers(at("mcp_servers"), &Translator::codex);
      break;
    case Format::opencode:
      translator.servers(at("mcp"), &Translator::opencode);
      break;
    case Format::tomo:
      translator.servers(at("mcp").find("connections").value_or(JsonView()), &Translator::tomo);
      break;
  }
}

}  // namespace

Result<Translation> translate(Format format, std::string_view text) {
  if (text.size() > kAgentFileBytes)
    return fail(Errc::too_large, "the file is larger than 8 MiB (kAgentFileBytes)");
  const Result<std::string> plain = plain_text(format, text);
  if (!plain) return std::unexpected(plain.error());
  const bool blank = plain->find_first_not_of(" \t\r\n") == std::string::npos;
  Translator translator;
  if (blank) return translator.finish();
  const Result<JsonView> root = JsonView::parse(*plain, "the file");
  if (!root) return std::unexpected(root.error());
  take_json(translator, format, *root);
  return translator.finish();
}

bool is_gatehouse(const std::vector<std::string>& command) {
  if (command.size() < 2) return false;
  const std::string_view program = command.front();
  const std::string_view base = program.substr(program.rfind('/') + 1);
  return base == "gatehouse" && command[1] == "stdio";
}

}  // namespace gatehouse::agents
