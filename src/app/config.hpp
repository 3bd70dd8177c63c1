// Configuration: one TOML file, overridden by GATEHOUSE_… variables. Every key stands in one table,
// from which parsing, the variables and docs/config.md are made. Only config_toml.cpp knows toml++.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/logger.hpp"
#include "app/paths.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "cli/man_page.hpp"
#include "gateway/call_limiter.hpp"
#include "net/client.hpp"
#include "vault/key_source.hpp"

namespace gatehouse::app {

enum class LogFormat { automatic, text, json };

struct Config {
  std::string listen = "127.0.0.1:8484";
  std::string public_url;
  std::string client_metadata_url;
  std::string ca_file;
  std::string log_level = "auto";
  LogFormat log_format = LogFormat::automatic;
  WhenFull log_when_full = WhenFull::push_back;
  net::ProxyConfig proxy;
  bool dangerously_allow_http_loopback = false;
  gateway::CallLimitSettings call_limits;
  int max_live = limits::kUpstreamsLive;      ///< servers open at once
  int shards = 0;                             ///< of `serve`; 0: one per core
  std::optional<vault::KeyPlace> key_source;  ///< nothing: what is given, else the key file
  std::vector<std::string> key_command;       ///< program and arguments; empty: none
};

/// One key of the file, as written there.
struct Setting {
  std::string key;    ///< "log.level"
  std::string text;   ///< texts as they are, booleans as "true" or "false"; an array of texts as
                      ///< one line of quoted words
  std::string where;  ///< "/home/a/.config/gatehouse/config.toml:3", or the variable's name
};

/// Errors: invalid_argument, naming file and line; storage when it cannot be read. A missing file
/// has no settings.
Result<std::vector<Setting>> read_settings(const std::filesystem::path& file);

/// The file's settings, then what the environment says: GATEHOUSE_LISTEN overrides `listen`,
/// GATEHOUSE_LOG_LEVEL `log.level`; HTTP_PROXY, HTTPS_PROXY and NO_PROXY fill what the file leaves
/// open. Errors: invalid_argument, naming the place, the key and the nearest known one.
Result<Config> make_config(const std::vector<Setting>& settings, const Environment& environment);

/// docs/config.md.
std::string config_document();
/// gatehouse-config.5.
std::string config_man_page(const cli::ManEdition& edition);

}  // namespace gatehouse::app
