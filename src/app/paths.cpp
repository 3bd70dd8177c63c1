#include "app/paths.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "vault/private_file.hpp"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

// XDG: a relative path is to be ignored.
fs::path xdg(const Environment& environment, const char* name, const fs::path& otherwise) {
  const std::optional<std::string> value = environment(name);
  return value && fs::path(*value).is_absolute() ? fs::path(*value) : otherwise;
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Result<Paths> find_paths(const Environment& environment) {
  if (const std::optional<std::string> home = environment("GATEHOUSE_HOME")) {
    const fs::path folder = *home;
    if (!folder.is_absolute())
      return fail(Errc::invalid_argument, "GATEHOUSE_HOME must be an absolute path");
    return Paths{folder, folder / "config.toml"};
  }
  const std::optional<std::string> home = environment("HOME");
  if (!home || !fs::path(*home).is_absolute()) {
    return fail(Errc::invalid_argument, "there is no home directory to keep the store in",
                "set GATEHOUSE_HOME to an absolute path");
  }
  const fs::path base = *home;
  return Paths{xdg(environment, "XDG_DATA_HOME", base / ".local" / "share") / "gatehouse",
               xdg(environment, "XDG_CONFIG_HOME", base / ".config") / "gatehouse" / "config.toml"};
}

std::string configuration_folder(const Environment& environment) {
  const std::optional<std::string> home = environment("HOME");
  if (!home) return xdg(environment, "XDG_CONFIG_HOME", {}).string();
  return xdg(environment, "XDG_CONFIG_HOME", fs::path(*home) / ".config").string();
}

std::string program_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? "gatehouse" : path.string();
}

Result<void> prepare(const Paths& paths) {
  std::error_code error;
  fs::create_directories(paths.data.parent_path(), error);
  if (error) {
    return fail(Errc::storage, fmt::format("cannot make {}: {}", paths.data.parent_path().string(),
                                           error.message()));
  }
  return vault::make_private_directory(paths.data);
}

}  // namespace gatehouse::app
