// Ids of tasks (tasks extension, reference G-18): a server's task id becomes ours, sealed with
// whose it is, so that tasks/get, tasks/update and tasks/cancel find their way back on any replica,
// and nobody else's id, nor a changed one, is known. Used by /mcp/all, /mcp/c and followers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/directory.hpp"
#include "gateway/front.hpp"
#include "gateway/sealed_text.hpp"
#include "identity/decision.hpp"

namespace gatehouse::gateway {

/// The key of the tasks extension in `capabilities.extensions`.
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

/// tasks/get, tasks/update and tasks/cancel.
bool is_task_method(std::string_view method);

/// -32021 for a task method of a modern request that does not declare the extension, whatever its
/// task; nothing else is looked at before.
std::optional<mcp_server::Reply::Failure> check_tasks_declared(const mcp_server::Call& call);

/// A task as we know it.
struct TaskName {
  std::string connection;  ///< name of the connection
  std::string tool;        ///< that made it, as its server knows it
  std::string id;          ///< the server's
  friend bool operator==(const TaskName&, const TaskName&) = default;
};

/// What a task of that tool needs of the token: what the tool itself does; writing where it is not
/// known any more.
identity::Access access_of(const Directory& directory, const TaskName& task);

/// Whether its tool was excluded, is held back or is gone since: what it made is not shown any
/// more.
bool is_withdrawn(const Directory& directory, const TaskName& task);

class TaskIds final {
 public:
  explicit TaskIds(StateKeys keys) : sealer_(std::move(keys)) {}

  /// Visible ASCII: it travels in a header too (H-3).
  std::string seal(const identity::Principal& principal, const TaskName& task) const;
  /// Nothing for what is not a task of this member, whatever the reason.
  std::optional<TaskName> open(const identity::Principal& principal, std::string_view id) const;

  /// A result of tools/call with the task id in it exchanged; nothing when it makes no task. The
  /// other members stay as they came.
  std::optional<std::string> seal_created(const identity::Principal& principal,
                                          std::string_view connection, std::string_view tool,
                                          std::string_view result) const;
  /// The result of a request through Bridge with our id in it, whatever its method; nothing when it
  /// may stay.
  std::optional<std::string> with_our_id(const mcp_server::Call& call, const BridgedCall& bridged,
                                         std::string_view result) const;
  /// A request of a task method for its server; nothing when this caller has no such task. One that
  /// is_withdrawn() may only be cancelled. The directory must be fresh.
  std::optional<BridgedCall> route(const mcp_server::Call& call, const Directory& directory) const;

 private:
  SealedText sealer_;
};

}  // namespace gatehouse::gateway
