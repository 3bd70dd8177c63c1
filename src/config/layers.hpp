// The layers of configuration: the person's own mcp.json, and the one of the project they are in.
// Finding and reading files; what counts is decided in file_connections.hpp. Functions that read
// block.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "config/mcp_json.hpp"

namespace gatehouse::config {

/// Where this process looks. All absolute; `home` may be empty.
struct Where {
  std::string global_file;
  std::string directory;  ///< the working directory
  std::string home;
};

enum class LayerKind { global, project };
std::string_view to_string(LayerKind kind);  ///< "global", "project"

struct Layer {
  LayerKind kind = LayerKind::global;
  std::string file;  ///< absolute, without links
  Document document;
  std::optional<Error> problem;  ///< the file as a whole cannot be used; the document is empty
};

/// Absolute and without links, as far as it exists.
std::string real_path(const std::string& path);

/// The project's file: `.gatehouse/mcp.json` in `directory` or above it, up to the root of the
/// repository (where `.git` is). Outside of a repository the search ends below the home directory
/// and below "/", so that nothing lies in wait in a folder that everybody shares. Empty: none.
std::string find_project_file(const std::string& directory, const std::string& home);

/// Nothing when there is no such file. A file of somebody else than this user and root is a
/// problem; so is a global one that group or others may write to.
std::optional<Layer> read_layer(LayerKind kind, const std::string& file, const Where& where);

/// Changes when the file does; empty when there is none.
std::string file_stamp(const std::string& file);

}  // namespace gatehouse::config
