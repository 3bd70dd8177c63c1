#include "app/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/gateway_server.hpp"
#include "cli/nearest.hpp"
#include "config/placeholder.hpp"
#include "http/url.hpp"

namespace gatehouse::app {
namespace {

Result<void> put_listen(Config& config, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return fail(Errc::invalid_argument, "is ADDRESS:PORT, such as 127.0.0.1:8484");
  config.listen = text;
  return {};
}

Result<void> put_public_url(Config& config, const std::string& text) {
  const Result<http::Url> url = http::Url::parse(text, "the public URL");
  if (!url) return fail(Errc::invalid_argument, url.error().detail);
  if (url->path() != "/" || !url->query().empty())
    return fail(Errc::invalid_argument,
                "is an origin without a path, such as https://tools.example");
  config.public_url = url->origin();
  return {};
}

Result<void> put_client_metadata_url(Config& config, const std::string& text) {
  const Result<http::Url> url = http::Url::parse(text, "the URL");
  if (!url) return fail(Errc::invalid_argument, url.error().detail);
  if (!url->is_https() || url->path() == "/")
    return fail(Errc::invalid_argument, "is an https URL with a path");
  config.client_metadata_url = text;
  return {};
}

Result<void> put_level(Config& config, const std::string& text) {
  constexpr std::array<std::string_view, 5> kLevels{"auto", "debug", "info", "warn", "error"};
  if (std::ranges::find(kLevels, text) == kLevels.end())
    return fail(Errc::invalid_argument, "is one of auto, debug, info, warn, error");
  config.log_level = text;
  return {};
}

Result<void> put_format(Config& config, const std::string& text) {
  if (text == "auto") {
    config.log_format = LogFormat::automatic;
  } else if (text == "text") {
    config.log_format = LogFormat::text;
  } else if (text == "json") {
    config.log_format = LogFormat::json;
  } else {
    return fail(Errc::invalid_argument, "is one of auto, text, json");
  }
  return {};
}

Result<void> put_http_loopback(Config& config, const std::string& text) {
  if (text != "true" && text != "false") return fail(Errc::invalid_argument, "is true or false");
  config.dangerously_allow_http_loopback = text == "true";
  return {};
}

Result<void> put_key_source(Config& config, const std::string& text) {
  using enum vault::KeyPlace;
  config.key_source.reset();
  if (text == "auto") return {};
  for (const vault::KeyPlace place : {file, keyring, environment, command}) {
    if (text == vault::to_string(place)) config.key_source = place;
  }
  if (config.key_source) return {};
  return fail(Errc::invalid_argument, "is one of auto, file, keyring, environment, command");
}

Result<void> put_key_command(Config& config, const std::string& text) {
  Result<std::vector<std::string>> words = config::split_words(text);
  if (!words) return fail(Errc::invalid_argument, words.error().detail);
  config.key_command = std::move(*words);
  return {};
}

Result<void> put_calls(int& into, const std::string& text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (whole && into >= 1 && into <= 1'000'000) return {};
  return fail(Errc::invalid_argument, "is a whole number from 1 to 1000000");
}

Result<void> put_rate(identity::CallLimits& into, const std::string& text) {
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !(rate >= 0 && rate <= 1e6))
    return fail(Errc::invalid_argument, "is a number from 0 to 1000000");
  into.per_second = rate;
  into.burst = std::max(1, static_cast<int>(2 * rate));
  return {};
}

Result<void> put_log_when_full(Config& config, const std::string& text) {
  if (text == "push_back") {
    config.log_when_full = WhenFull::push_back;
  } else if (text == "drop") {
    config.log_when_full = WhenFull::drop;
  } else {
    return fail(Errc::invalid_argument, "is push_back or drop");
  }
  return {};
}

Result<void> put_max_live(Config& config, const std::string& text) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || count < 1 || count > 100'000)
    return fail(Errc::invalid_argument, "is a number from 1 to 100000");
  config.max_live = count;
  return {};
}

Result<void> put_shards(Config& config, const std::string& text) {
  const Result<std::size_t> count = cli::parse_shards(text);
  if (!count) return fail(Errc::invalid_argument, count.error().detail);
  config.shards = static_cast<int>(*count);
  return {};
}

// The one table of all keys.
struct Key {
  const char* name;
  const char* preset;  ///< as shown in the document
  const char* meaning;
  Result<void> (*put)(Config&, const std::string&);
};

constexpr std::array kKeys{
    Key{"listen", "\"127.0.0.1:8484\"",
        "Address and port of `gatehouse serve`. Port 0 takes any free one.", &put_listen},
    Key{"public_url", "none",
        "Origin under which agents and browsers reach `gatehouse serve`, when that is not the "
        "listening address: `https://tools.example`.",
        &put_public_url},
    Key{"client_metadata_url", "none",
        "https URL of the client ID metadata document that names this installation to "
        "authorization servers. Without it, clients are registered dynamically.",
        &put_client_metadata_url},
    Key{"ca_file", "none",
        "File with further certificate authorities (PEM) to trust besides the system's.",
        [](Config& config, const std::string& text) {
          config.ca_file = text;
          return Result<void>();
        }},
    Key{"max_live", "100",
        "MCP servers that are kept open at once. Beyond it the least recently used one is closed; "
        "never one with a call under way.",
        &put_max_live},
    Key{"shards", "\"auto\"",
        "Threads that `gatehouse serve` answers on, 1 to 64, each with its own share of the "
        "connections. `auto` is one per core; `--shards` overrides it.",
        &put_shards},
    Key{"limits.token_calls", "512", "Calls that one agent token may have under way.",
        [](Config& config, const std::string& text) {
          return put_calls(config.call_limits.token.under_way, text);
        }},
    Key{"limits.token_rate", "5000",
        "Calls a second of one agent token; two seconds' worth may come at once. Faster ones are "
        "answered 429 with Retry-After. 0 is no limit.",
        [](Config& config, const std::string& text) {
          return put_rate(config.call_limits.token, text);
        }},
    Key{"limits.connection_calls", "2048",
        "Calls that one connection may have under way, whoever makes them.",
        [](Config& config, const std::string& text) {
          return put_calls(config.call_limits.connection.under_way, text);
        }},
    Key{"limits.connection_rate", "5000", "Calls a second to one connection, as limits.token_rate.",
        [](Config& config, const std::string& text) {
          return put_rate(config.call_limits.connection, text);
        }},
    Key{"log.level", "\"auto\"",
        "`debug`, `info`, `warn` or `error`. `auto` is `info` for `serve` and `warn` for other "
        "commands; `--verbose` makes it `debug`.",
        &put_level},
    Key{"log.format", "\"auto\"",
        "`text` or `json`. `auto` is text on a terminal and JSON otherwise. Logs go to standard "
        "error.",
        &put_format},
    Key{"log.when_full", "\"push_back\"",
        "When lines come faster than whoever has standard error reads them, and 8 MB wait: "
        "`push_back` refuses calls, which leave an audit line each, until lines are read again; "
        "`drop` drops lines and says how many.",
        &put_log_when_full},
    Key{"proxy.http", "`HTTP_PROXY`", "Proxy for plain http destinations.",
        [](Config& config, const std::string& text) {
          config.proxy.http_proxy = text;
          return Result<void>();
        }},
    Key{"proxy.https", "`HTTPS_PROXY`", "Proxy for https destinations, spoken to with CONNECT.",
        [](Config& config, const std::string& text) {
          config.proxy.https_proxy = text;
          return Result<void>();
        }},
    Key{"proxy.except", "`NO_PROXY`",
        "Destinations reached without the proxy: hosts, .suffixes, addresses and CIDR blocks, "
        "separated by commas, or `*`.",
        [](Config& config, const std::string& text) {
          config.proxy.no_proxy = text;
          return Result<void>();
        }},
    Key{"key.source", "\"auto\"",
        "Where the key that encrypts secrets in the store is kept: `file`, `keyring`, `command` or "
        "`environment`. `auto` is `GATEHOUSE_KEY` where it is set, else `key.command`, else the "
        "file `gatehouse.key` beside the store, which may say that the keyring has it. Move it "
        "with `gatehouse keys rotate --to …`.",
        &put_key_source},
    Key{"key.command", "none",
        "Program that prints the key, base64 of 32 bytes: a line of words (quoted as in a shell, "
        "which is not used) or an array of texts. It has 10 s.",
        &put_key_command},
    Key{"dangerously_allow_http_loopback", "false",
        "Lets every connection, authorization server and redirect reach this machine, also without "
        "encryption, and asks nobody. For development only.",
        &put_http_loopback},
};

constexpr std::array<std::pair<const char*, const char*>, 4> kVariables{{
    {"`GATEHOUSE_HOME`",
     "Folder of store, key and configuration. Default: the XDG folders, "
     "`~/.local/share/gatehouse` for the store"},
    {"`GATEHOUSE_KEY`",
     "The key that encrypts secrets in the store, base64 of 32 bytes; while it is replaced, the "
     "new one and the old one. Default: the file `gatehouse.key` beside the store, made at first "
     "use"},
    {"`BROWSER`",
     "Program that opens a sign-in page; `%s` stands for the address. Default: `xdg-open` where a "
     "display is"},
    {"`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`", "As usual, also in lower case"},
}};

std::string variable_of(const Key& key) {
  std::string name = "GATEHOUSE_";
  for (const char* at = key.name; *at != '\0'; ++at)
    name += *at == '.' ? '_' : static_cast<char>(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
  return name;
}

Result<void> apply(Config& config, const Setting& setting) {
  const auto key = std::ranges::find_if(kKeys, [&](const Key& k) { return setting.key == k.name; });
  if (key == kKeys.end()) {
    std::vector<std::string> names;
    for (const Key& known : kKeys) names.emplace_back(known.name);
    return fail(Errc::invalid_argument,
                fmt::format("{}: there is no setting \"{}\".{}", setting.where, setting.key,
                            cli::suggestion(setting.key, names)),
                "docs/config.md lists them");
  }
  const Result<void> put = key->put(config, setting.text);
  if (put) return {};
  return fail(Errc::invalid_argument,
              fmt::format("{}: {} {}", setting.where, setting.key, put.error().detail));
}

void fill_proxy(std::string& into, const Environment& environment,
                std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (!into.empty()) return;
    into = environment(name).value_or("");
  }
}

}  // namespace

Result<Config> make_config(const std::vector<Setting>& settings, const Environment& environment) {
  Config config;
  for (const Setting& setting : settings) {
    if (const Result<void> done = apply(config, setting); !done)
      return std::unexpected(done.error());
  }
  for (const Key& key : kKeys) {
    const std::string variable = variable_of(key);
    const std::optional<std::string> value = environment(variable.c_str());
    if (!value) continue;
    if (const Result<void> done = apply(config, {key.name, *value, variable}); !done)
      return std::unexpected(done.error());
  }
  // HTTP_PROXY in capitals can be set by a remote client of a CGI program; we are none.
  fill_proxy(config.proxy.http_proxy, environment, {"http_proxy", "HTTP_PROXY"});
  fill_proxy(config.proxy.https_proxy, environment, {"https_proxy", "HTTPS_PROXY"});
  fill_proxy(config.proxy.no_proxy, environment, {"no_proxy", "NO_PROXY"});
  return config;
}

std::string config_document() {
  std::string out =
      "# Configuration\n\n"
      "Generated by `gatehouse config-docs`; a test keeps it current.\n\n"
      "Gatehouse reads `$GATEHOUSE_HOME/config.toml` when `GATEHOUSE_HOME` is set, otherwise\n"
      "`~/.config/gatehouse/config.toml` (`XDG_CONFIG_HOME`). The file may be missing. A key with "
      "a dot\n"
      "stands in a section: `log.level` is `level` below `[log]`. A variable overrides its key.\n\n"
      "| Key | Default | Variable | Meaning |\n|---|---|---|---|\n";
  for (const Key& key : kKeys) {
    out += fmt::format("| `{}` | {} | `{}` | {} |\n", key.name, key.preset, variable_of(key),
                       key.meaning);
  }
  out += "\nFurther variables:\n\n| Variable | Meaning |\n|---|---|\n";
  for (const auto& [names, meaning] : kVariables)
    out += fmt::format("| {} | {} |\n", names, meaning);
  return out;
}

std::string config_man_page(const cli::ManEdition& edition) {
  std::string out = cli::man_head("gatehouse-config", "5", edition, "gatehouse-config",
                                  "configuration of gatehouse");
  out +=
      ".SH SYNOPSIS\n$GATEHOUSE_HOME/config.toml\n.br\n\\(ti/.config/gatehouse/config.toml\n"
      ".SH DESCRIPTION\nA TOML file, which may be missing. A key with a dot stands in a section:\n"
      ".B log.level\nis\n.B level\nbelow\n.BR [log] .\nA variable overrides its key.\n"
      ".SH SETTINGS\n";
  for (const Key& key : kKeys) {
    out +=
        fmt::format(".TP\n\\fB{}\\fR (default {}, variable \\fB{}\\fR)\n{}\n", cli::roff(key.name),
                    cli::roff(key.preset), variable_of(key), cli::roff(key.meaning));
  }
  out += ".SH ENVIRONMENT\n";
  for (const auto& [names, meaning] : kVariables)
    out += fmt::format(".TP\n{}\n{}\n", cli::roff(names), cli::roff(meaning));
  return out + ".SH SEE ALSO\n.BR gatehouse (1)\n";
}

}  // namespace gatehouse::app
