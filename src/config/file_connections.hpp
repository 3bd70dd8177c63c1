// FileConnections: keeps the rows of the store in step with the configuration files (decision
// 0007). Run before each command, by a gateway whenever a file changes, and by `gatehouse trust`.
// Nothing of a project's file is taken into the store, resolved or put in effect before the person
// approved exactly that entry (design §4.8); no problem of an entry or a file stands in another's
// way. One shard.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/layered_store.hpp"
#include "config/layers.hpp"
#include "config/secret_reader.hpp"

namespace gatehouse::config {

enum class EntryState {
  in_effect,
  waiting,   ///< of a project, never approved
  changed,   ///< of a project, approved in another wording
  broken,    ///< see the problem
  shadowed,  ///< another layer has the name
};
std::string_view to_string(EntryState state);  ///< "in_effect", "waiting", …

struct EntryStatus {
  LayerKind layer = LayerKind::global;
  std::string file;
  FileEntry entry;
  EntryState state = EntryState::in_effect;
  std::optional<Error> problem;                      ///< broken: why
  std::string shadowed_by;                           ///< "the project's file", "the store"
  std::optional<vault::Connection> approved_before;  ///< changed: what was approved
};

/// A row whose file does not name it any more, or is gone.
struct Orphan {
  vault::Connection connection;  ///< under its short name
  std::optional<SystemTime> since;
};

/// How the last synchronisation left things.
struct FileReport {
  std::vector<EntryStatus> entries;  ///< global first, in the files' order
  /// Files that cannot be used as a whole, and warnings about files.
  struct FileNote {
    std::string file;
    std::optional<Error> problem;
    std::string warning;
  };
  std::vector<FileNote> files;
  std::string global_file;
  std::string project_file;  ///< empty: none applies

  std::size_t count(EntryState state) const;
  std::size_t waiting() const { return count(EntryState::waiting) + count(EntryState::changed); }
  bool project_in_effect() const;
};

/// Which layers apply to a command.
enum class Scope { global, project };  // project: both

inline constexpr auto kOrphanLife = std::chrono::hours(24 * 30);

class FileConnections final {
 public:
  /// All must outlive this. `end_login` revokes and forgets the login of a connection that is
  /// given up; null in tests that have none.
  struct Parts {
    LayeredStore& store;
    SecretReader& reader;
    Workers& workers;
    const Clock& clock;
    Logger& log;
    Where where;
    std::function<Task<>(vault::Connection)> end_login;
  };
  explicit FileConnections(Parts parts) : parts_(std::move(parts)) {}

  /// Reads the files and makes store and view follow. Returns the ids of rows that came, changed
  /// or went. Errors: storage; what is wrong with files and entries is in report().
  Task<Result<std::vector<ConnectionId>>> sync(Scope scope);
  const FileReport& report() const { return report_; }
  Scope scope() const { return scope_; }
  const Where& where() const { return parts_.where; }

  /// Puts one waiting entry in effect, if it still has this digest. Errors: conflict when the file
  /// changed meanwhile; not_found; storage; what resolving its URL may end in.
  Task<Result<void>> approve(std::string name, std::string digest);
  /// Takes an approval back: the row, its login and its tools go. Errors: not_found, storage.
  Task<Result<void>> revoke(ConnectionId id);
  /// Approved entries of any project, and rows whose file or entry is gone.
  Task<Result<std::vector<vault::Connection>>> approved();

  /// Synchronises whenever a file that counts changes, and tells whose rows did. Runs until
  /// cancelled.
  Task<> run_watch(std::function<void(const std::vector<ConnectionId>&)> on_change);

  /// The place to edit, for a connection that comes from a file: "/path/mcp.json:12". Empty: it
  /// does not.
  std::string place_of(const vault::Connection& connection) const;

 private:
  using Rows = std::map<std::string, vault::Connection>;  // by stored name

  Task<Result<void>> read_layers(Scope scope);
  Task<Result<Rows>> load_rows();
  Task<Result<void>> sync_entry(EntryStatus& status, Rows& rows,
                                std::map<std::string, Rank>& in_effect,
                                std::vector<ConnectionId>& touched);
  Task<Result<vault::Connection>> store_entry(const EntryStatus& status,
                                              std::optional<vault::Connection> row);
  Task<Result<void>> retire_missing(const Rows& rows, std::vector<ConnectionId>& touched);
  Task<Result<std::string>> fill_url(const FileEntry& entry);
  void mark_shadowed(const Rows& rows);
  std::string stamp() const;

  Parts parts_;
  Scope scope_ = Scope::global;
  FileReport report_;
  std::map<std::string, bool> readable_;  // files read without a problem
};

/// A person or a file said that its URL may lead into a private network or be plain http.
bool allows_own_origin(const vault::Connection& connection);

/// The row that an entry makes out of the one there is: what was learned about the server stays as
/// long as it is the same one.
vault::Connection merge(const FileEntry& entry, std::string url, std::string file,
                        const std::optional<vault::Connection>& row);

}  // namespace gatehouse::config
