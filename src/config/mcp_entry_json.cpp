#include "config/mcp_entry_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.hpp"
#include "config/file_placeholders.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

namespace gatehouse::config {
namespace {

constexpr std::size_t kWords = 256;      // arguments, headers, variables of one entry
constexpr std::size_t kNameBytes = 256;  // of a header or variable

constexpr std::array<std::string_view, 17> kTransportHeaders{"accept",
                                                             "accept-encoding",
                                                             "connection",
                                                             "content-encoding",
                                                             "content-length",
                                                             "content-type",
                                                             "dpop",
                                                             "expect",
                                                             "host",
                                                             "keep-alive",
                                                             "last-event-id",
                                                             "proxy-authorization",
                                                             "te",
                                                             "trailer",
                                                             "transfer-encoding",
                                                             "upgrade",
                                                             "via"};

bool is_variable_of_environment(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytes &&
         std::ranges::none_of(name,
                              [](unsigned char c) { return c <= 0x20 || c == '=' || c == 0x7f; });
}

}  // namespace

const std::array<EntryReader::Known, 23> EntryReader::kKnown{{
    {"type", &EntryReader::read_type},
    {"transport", &EntryReader::read_type},
    {"url", &EntryReader::read_url},
    {"command", &EntryReader::read_command},
    {"args", &EntryReader::read_args},
    {"env", &EntryReader::read_env},
    {"cwd", &EntryReader::read_cwd},
    {"headers", &EntryReader::read_headers},
    {"enabled", &EntryReader::read_enabled},
    {"disabled", &EntryReader::read_enabled},
    {"allowPrivateNetwork", &EntryReader::read_allow_private},
    {"tools", &EntryReader::read_tools},
    {"timeout", &EntryReader::read_timeout},
    {"timeouts", &EntryReader::read_timeouts},
    {"retries", &EntryReader::read_retries},
    {"roots", &EntryReader::read_roots},
    {"logLevel", &EntryReader::read_log_level},
    {"onChange", &EntryReader::read_on_change},
    {"oauth", &EntryReader::read_oauth},
    {"auth", &EntryReader::read_oauth},
    {"description", nullptr},
    {"gallery", nullptr},
    {"version", nullptr},
}};

bool is_secret_name(std::string_view name) {
  const std::string lower = ascii_lower(name);
  constexpr std::array<std::string_view, 7> kWordsOfSecrets{
      "authorization", "key", "token", "secret", "password", "passwd", "credential"};
  return std::ranges::any_of(kWordsOfSecrets, [&](std::string_view word) {
    return lower.find(word) != std::string::npos;
  });
}

bool ends_in_secret_word(std::string_view name) {
  const std::string lower = ascii_lower(name);
  // Whole words, because SSH_ASKPASS names a program; the longer ones at the end of any word.
  constexpr std::array<std::string_view, 6> kWhole{"authorization", "auth", "cookie",
                                                   "pass",          "pat",  "pwd"};
  constexpr std::array<std::string_view, 8> kEnds{
      "key", "token", "secret", "password", "passwd", "passphrase", "credential", "credentials"};
  const std::size_t cut = lower.find_last_of("_-. ");
  const std::string_view last =
      std::string_view(lower).substr(cut == std::string::npos ? 0 : cut + 1);
  return std::ranges::find(kWhole, last) != kWhole.end() ||
         std::ranges::any_of(kEnds, [&](std::string_view end) { return last.ends_with(end); });
}

Result<void> check_header_name(std::string_view name) {
  if (!http::is_token(name) || name.size() > kNameBytes)
    return fail(Errc::invalid_argument, quote_remote(name, 60) + " is no header name");
  const std::string lower = ascii_lower(name);
  const bool ours = lower.starts_with("mcp-") || lower.starts_with("sec-") ||
                    std::ranges::find(kTransportHeaders, lower) != kTransportHeaders.end();
  if (!ours) return {};
  return fail(Errc::invalid_argument,
              fmt::format("the header {} is made by the transport and cannot be set", name),
              "leave it out");
}

void EntryReader::refuse(std::string detail, std::string hint) {
  if (!entry_.problem)
    entry_.problem = Error{Errc::invalid_argument, std::move(detail), std::move(hint)};
}

std::optional<Template> EntryReader::text(std::string_view name, const View& value) {
  const std::optional<std::string> raw = value.as_string();
  if (!raw) {
    refuse(fmt::format("{} is not a text", name));
    return std::nullopt;
  }
  Result<Template> parsed = parse_file_text(*raw, place_);
  if (!parsed) {
    refuse(fmt::format("{}: {}", name, parsed.error().detail), parsed.error().hint);
    return std::nullopt;
  }
  const bool has_nul = std::ranges::any_of(parsed->pieces, [](const Piece& piece) {
    return piece.text.find('\0') != std::string::npos;
  });
  if (!has_nul) return std::move(*parsed);
  refuse(fmt::format("{} holds a NUL character", name));
  return std::nullopt;
}

std::optional<std::string> EntryReader::plain_text(std::string_view name, const View& value) {
  const std::optional<Template> parsed = text(name, value);
  if (!parsed) return std::nullopt;
  if (parsed->is_literal()) return parsed->literal();
  refuse(fmt::format("{} cannot have placeholders that are read elsewhere", name));
  return std::nullopt;
}

std::vector<std::string> EntryReader::texts(std::string_view name, const View& value) {
  std::vector<std::string> out;
  if (!value.is_array() || value.size() > kWords) {
    refuse(fmt::format("{} is not a list of at most {} texts", name, kWords));
    return out;
  }
  for (const View& element : value.elements()) {
    std::optional<std::string> word = plain_text(name, element);
    if (!word) break;
    out.push_back(std::move(*word));
  }
  return out;
}

vault::NamedSecret EntryReader::to_secret(std::string name, const Template& text) const {
  if (text.is_literal()) return {std::move(name), Secret(text.literal()), {}};
  return {std::move(name), Secret(), to_text(text)};
}

void EntryReader::read_known(std::span<const Known> known, const View& object,
                             std::string_view inside) {
  for (const jsonrpc::JsonMember& member : object.members()) {
    const std::string name = member.key();
    const auto found = std::ranges::find(known, name, &Known::name);
    if (found == known.end()) {
      warn(fmt::format("the field {}{} is not known here and has no effect", inside,
                       quote_remote(name, 60)));
    } else if (found->read != nullptr) {
      (this->*found->read)(name, member.value);
    }
  }
}

void EntryReader::read(const View& value) {
  if (!value.is_object()) {
    refuse("it is not an object");
    return;
  }
  read_known(kKnown, value, "");
  check_whole();
  if (!entry_.problem) digest(entry_);
}

void EntryReader::read_type(std::string_view name, const View& value) {
  const std::optional<std::string> type = value.as_string();
  constexpr std::array<std::string_view, 6> kHttp{
      "http", "streamable-http", "streamableHttp", "streamable_http", "sse", "remote"};
  if (type && (*type == "stdio" || *type == "local")) {
    type_ = "stdio";
  } else if (type && std::ranges::find(kHttp, *type) != kHttp.end()) {
    type_ = "http";
  } else {
    refuse(fmt::format("{} is none of stdio, http, streamable-http and sse", name));
  }
}

void EntryReader::read_url(std::string_view name, const View& value) {
  has_url_ = true;
  const std::optional<Template> url = text(name, value);
  if (!url) return;
  for (const Piece& piece : url->pieces) {
    const bool fits = piece.source == Source::literal || piece.source == Source::environment;
    if (!fits) {
      refuse("url: only ${env:…} may stand in a URL, which is kept and shown",
             "put secrets into headers");
    }
  }
  entry_.connection.url = to_text(*url);
}

void EntryReader::read_command(std::string_view name, const View& value) {
  has_command_ = true;
  const std::optional<Template> program = text(name, value);
  if (!program) return;
  if (program->pieces.empty()) {
    refuse("command is empty");
    return;
  }
  entry_.connection.command.insert(entry_.connection.command.begin(), to_text(*program));
}

void EntryReader::read_args(std::string_view name, const View& value) {
  if (!value.is_array() || value.size() > kWords) {
    refuse(fmt::format("{} is not a list of at most {} texts", name, kWords));
    return;
  }
  for (const View& element : value.elements()) {
    const std::optional<Template> word = text(name, element);
    if (!word) return;
    args_.push_back(to_text(*word));
  }
}

void EntryReader::read_env(std::string_view name, const View& value) {
  if (!value.is_object() || value.size() > kWords) {
    refuse(fmt::format("{} is not an object of at most {} texts", name, kWords));
    return;
  }
  for (const jsonrpc::JsonMember& member : value.members()) {
    const std::string variable = member.key();
    if (!is_variable_of_environment(variable)) {
      refuse(fmt::format("env: {} cannot be the name of a variable", quote_remote(variable, 60)));
      return;
    }
    if (member.value.is_null()) continue;  // VS Code: not set
    const std::string what = "env." + variable;
    std::optional<Template> set;
    if (member.value.kind() == jsonrpc::JsonKind::number ||
        member.value.kind() == jsonrpc::JsonKind::boolean) {
      set = Template{{{Source::literal, std::string(member.value.raw()), {}, {}, false}}};
    } else {
      set = text(what, member.value);
    }
    if (!set) return;
    if (is_secret_name(variable) && set->is_literal() && !set->pieces.empty()) {
      warn(
          fmt::format("env.{0} stands in the file as it is; keep it elsewhere: \"{0}\": "
                      "\"${{env:{0}}}\" or \"${{keyring:NAME}}\"",
                      variable));
    }
    entry_.connection.environment.push_back(to_secret(variable, *set));
  }
}

void EntryReader::read_cwd(std::string_view name, const View& value) {
  std::optional<std::string> path = plain_text(name, value);
  if (!path || path->empty()) return;
  if (path->starts_with("~/") || *path == "~") path = place_.home + path->substr(1);
  entry_.connection.directory = path->starts_with("/") ? *path : place_.workspace + "/" + *path;
}

void EntryReader::read_headers(std::string_view name, const View& value) {
  if (!value.is_object() || value.size() > kWords) {
    refuse(fmt::format("{} is not an object of at most {} texts", name, kWords));
    return;
  }
  std::set<std::string> seen;
  for (const jsonrpc::JsonMember& member : value.members()) {
    const std::string header = member.key();
    if (const Result<void> allowed = check_header_name(header); !allowed) {
      refuse("headers: " + allowed.error().detail, allowed.error().hint);
      return;
    }
    if (!seen.insert(ascii_lower(header)).second) {
      refuse(fmt::format("headers: {} stands there twice, in different spellings", header),
             "keep one of them: the names of headers do not tell capitals apart");
      return;
    }
    const std::optional<Template> content = text("headers." + header, member.value);
    if (!content) return;
    const std::string literal = content->is_literal() ? content->literal() : "x";
    if (!http::is_field_value(literal)) {
      refuse(fmt::format("headers.{} has characters that no header can carry", header));
      return;
    }
    if (content->is_literal() && is_secret_name(header)) {
      warn(
          fmt::format("headers.{0} stands in the file as it is; keep it elsewhere: \"{0}\": "
                      "\"{1}${{env:NAME}}\" or \"{1}${{keyring:NAME}}\"",
                      header, ascii_lower(literal).starts_with("bearer ") ? "Bearer " : ""));
    }
    entry_.connection.headers.push_back(to_secret(header, *content));
  }
}

void EntryReader::check_whole() {
  vault::Connection& connection = entry_.connection;
  if (has_url_ && has_command_) {
    refuse("it has both a url and a command", "keep one of them");
  } else if (!has_url_ && !has_command_) {
    refuse("it has neither a url nor a command");
  }
  if (!type_.empty() && (type_ == "http") != has_url_)
    refuse(has_url_ ? "its type is stdio, but it has a url" : "its type needs a url");
  if (has_url_) return check_http();
  connection.transport = vault::Transport::stdio;
  connection.auth = vault::AuthKind::none;
  connection.command.insert(connection.command.end(), args_.begin(), args_.end());
  if (connection.directory.empty() && place_.workspace != place_.home)
    connection.directory = place_.workspace;
  if (!connection.headers.empty()) warn("headers have no effect on a command");
  if (has_oauth_) warn("oauth has no effect on a command");
  warn_of_secret_words();
}

void EntryReader::check_http() {
  vault::Connection& connection = entry_.connection;
  connection.transport = vault::Transport::http;
  if (!connection.environment.empty()) warn("env has no effect on a url");
  if (!args_.empty()) warn("args have no effect on a url");
  const Result<Template> url = parse_template(connection.url);
  if (url && url->is_literal() && !entry_.problem) {
    if (!http::Url::parse(url->literal())) {
      // Not with the parser's own words: they show the text, and some put passwords there.
      refuse("url is not an absolute http or https URL without user name and fragment",
             "such as https://mcp.example.com/mcp");
    }
  }
  const bool authorization = std::ranges::any_of(connection.headers, [](const auto& header) {
    return ascii_iequal(header.name, "Authorization");
  });
  if (authorization && has_oauth_) {
    refuse("it has both an Authorization header and an oauth block", "keep one of them");
    return;
  }
  const bool by_key = std::ranges::any_of(
      connection.headers, [](const auto& header) { return is_secret_name(header.name); });
  if (has_oauth_) {
    connection.auth = vault::AuthKind::oauth;
  } else if (by_key) {
    connection.auth = vault::AuthKind::headers;
  }
}

void EntryReader::warn_of_secret_words() {
  const std::vector<std::string>& words = entry_.connection.command;
  for (std::size_t i = 0; i + 1 <= words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("-") || !is_secret_name(word)) continue;
    const bool given = word.find('=') != std::string_view::npos ||
                       (i + 1 < words.size() && !words[i + 1].starts_with("-"));
    if (given) {
      warn(
          fmt::format("the argument after {} is seen by every program of this machine; if the "
                      "server reads it from a variable, set that in env",
                      quote_remote(word.substr(0, word.find('=')), 60)));
    }
  }
}

}  // namespace gatehouse::config
