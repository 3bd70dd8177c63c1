// Where Gatehouse keeps things: everything below GATEHOUSE_HOME, or the XDG folders. Pure but for
// prepare(), which makes the folder and checks that nobody else can enter it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace gatehouse::app {

/// Looks a variable up; nothing when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment process_environment();

struct Paths {
  std::filesystem::path data;    ///< 0700
  std::filesystem::path config;  ///< the file; may be missing

  std::filesystem::path database() const { return data / "gatehouse.db"; }
  std::filesystem::path servers() const { return config.parent_path() / "mcp.json"; }
  std::filesystem::path key() const { return data / "gatehouse.key"; }
  std::filesystem::path socket() const { return data / "gatehouse.sock"; }
};

/// Errors: invalid_argument when neither GATEHOUSE_HOME nor HOME is an absolute path.
Result<Paths> find_paths(const Environment& environment);

/// Where programs of this person keep their configuration: XDG_CONFIG_HOME, else ~/.config. Empty
/// without a home directory.
std::string configuration_folder(const Environment& environment);
/// Absolute path of this program; "gatehouse" where the system does not tell.
std::string program_path();

/// Makes the data folder and its parents. Errors: policy (not ours, or others may enter), storage.
Result<void> prepare(const Paths& paths);

}  // namespace gatehouse::app
