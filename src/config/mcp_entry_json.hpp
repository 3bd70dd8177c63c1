// One entry of an mcp.json. Used by mcp_json.cpp alone. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/mcp_json.hpp"
#include "config/placeholder.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::config {

/// Reads field by field into an entry. The first problem is kept; what follows is still looked at,
/// so that all warnings are told.
class EntryReader final {
 public:
  /// Both must outlive the reader.
  EntryReader(const FilePlace& place, FileEntry& entry) : place_(place), entry_(entry) {}

  void read(const jsonrpc::JsonView& value);
  static std::vector<std::string_view> fields();

 private:
  using View = jsonrpc::JsonView;
  using Field = void (EntryReader::*)(std::string_view, const View&);
  struct Known {
    std::string_view name;
    Field read;  // null: known, and of no concern here
  };
  static const std::array<Known, 23> kKnown;
  static const std::array<Known, 19> kOAuthKnown;

  void read_known(std::span<const Known> known, const View& object, std::string_view inside);
  void read_type(std::string_view name, const View& value);
  void read_url(std::string_view name, const View& value);
  void read_command(std::string_view name, const View& value);
  void read_args(std::string_view name, const View& value);
  void read_env(std::string_view name, const View& value);
  void read_cwd(std::string_view name, const View& value);
  void read_headers(std::string_view name, const View& value);
  void read_enabled(std::string_view name, const View& value);
  void read_allow_private(std::string_view name, const View& value);
  void read_tools(std::string_view name, const View& value);
  void read_timeout(std::string_view name, const View& value);
  void read_timeouts(std::string_view name, const View& value);
  void read_retries(std::string_view name, const View& value);
  void read_roots(std::string_view name, const View& value);
  void read_log_level(std::string_view name, const View& value);
  void read_on_change(std::string_view name, const View& value);
  void read_oauth(std::string_view name, const View& value);
  void read_scopes(std::string_view name, const View& value);
  void read_port(std::string_view name, const View& value);
  void read_redirect_path(std::string_view name, const View& value);
  void read_grant(std::string_view name, const View& value);
  void read_dpop(std::string_view name, const View& value);
  void read_oauth_text(std::string_view name, const View& value);
  void read_oauth_secret(std::string_view name, const View& value);
  void read_assertion(std::string_view name, const View& value);

  void check_whole();
  void check_http();
  void warn_of_secret_words();

  /// The string there, with our placeholders; nothing with a problem noted.
  std::optional<Template> text(std::string_view name, const View& value);
  /// The same where no placeholder may be.
  std::optional<std::string> plain_text(std::string_view name, const View& value);
  std::vector<std::string> texts(std::string_view name, const View& value);
  vault::NamedSecret to_secret(std::string name, const Template& text) const;
  void refuse(std::string detail, std::string hint = {});
  void warn(std::string text) { entry_.warnings.push_back(std::move(text)); }

  const FilePlace& place_;
  FileEntry& entry_;
  std::string type_;
  std::vector<std::string> args_;
  bool has_url_ = false;
  bool has_command_ = false;
  bool has_oauth_ = false;
};

/// Fills in FileEntry::digest and rest.
void digest(FileEntry& entry);

}  // namespace gatehouse::config
