#include "gateway/task_ids.hpp"

#include <fmt/format.h>

#include "gateway/agent_caller.hpp"
#include "gateway/request_members.hpp"
#include "gateway/uri_rewriter.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/error_codes.hpp"

namespace gatehouse::gateway {
namespace {

SealedText::Binding binding_of(const identity::Principal& principal) {
  return {"task", principal.organization.value, principal.member.value};
}

}  // namespace

bool is_task_method(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

std::optional<mcp_server::Reply::Failure> check_tasks_declared(const mcp_server::Call& call) {
  if (call.era() == mcp::Era::legacy) return std::nullopt;
  const auto extensions = jsonrpc::JsonView::of_proved(call.capabilities().raw).find("extensions");
  if (extensions && extensions->find(kTasksExtension)) return std::nullopt;
  return mcp_server::Reply::Failure{
      mcp::kMissingRequiredClientCapability, "the client does not declare the tasks extension",
      fmt::format(R"({{"requiredCapabilities":{{"extensions":{{"{}":{{}}}}}}}})", kTasksExtension),
      0};
}

identity::Access access_of(const Directory& directory, const TaskName& task) {
  const std::shared_ptr<ConnectionEntry> entry = directory.find(task.connection);
  const ToolEntry* const tool = entry ? entry->find_tool(task.tool) : nullptr;
  return tool != nullptr && tool->risk == catalog::Risk::read ? identity::Access::read
                                                              : identity::Access::write;
}

bool is_withdrawn(const Directory& directory, const TaskName& task) {
  const std::shared_ptr<ConnectionEntry> entry = directory.find(task.connection);
  return entry && entry->listed && entry->find_tool(task.tool) == nullptr;
}

std::string TaskIds::seal(const identity::Principal& principal, const TaskName& task) const {
  return sealer_.seal({task.connection, task.tool, task.id}, binding_of(principal));
}

std::optional<TaskName> TaskIds::open(const identity::Principal& principal,
                                      std::string_view id) const {
  auto parts = sealer_.open(id, binding_of(principal));
  if (!parts || parts->size() != 3) return std::nullopt;
  return TaskName{std::move((*parts)[0]), std::move((*parts)[1]), std::move((*parts)[2])};
}

std::optional<std::string> TaskIds::seal_created(const identity::Principal& principal,
                                                 std::string_view connection, std::string_view tool,
                                                 std::string_view result) const {
  if (result.find("askId") == std::string_view::npos &&
      result.find("\\u") == std::string_view::npos) {
    return std::nullopt;
  }
  const jsonrpc::JsonView view = jsonrpc::JsonView::of_proved(result);
  const auto type = view.find("resultType");
  const std::optional<std::string> id = view.string("taskId");
  if (!type || !type->equals("task") || !id) return std::nullopt;
  const TaskName task{std::string(connection), std::string(tool), *id};
  return replace_member(result, "taskId", jsonrpc::quote(seal(principal, task)));
}

std::optional<std::string> TaskIds::with_our_id(const mcp_server::Call& call,
                                                const BridgedCall& bridged,
                                                std::string_view result) const {
  if (call.method() == "tools/call")
    return seal_created(caller_of(call).principal, bridged.connection, bridged.name, result);
  if (!is_task_method(call.method())) return std::nullopt;
  return replace_member(result, "taskId", jsonrpc::quote(bridged.capability));
}

std::optional<BridgedCall> TaskIds::route(const mcp_server::Call& call,
                                          const Directory& directory) const {
  const std::string id = jsonrpc::JsonView::of_proved(call.params()).string("taskId").value_or("");
  std::optional<TaskName> task = open(caller_of(call).principal, id);
  if (!task) return std::nullopt;
  if (call.method() != "tasks/cancel" && is_withdrawn(directory, *task)) return std::nullopt;
  BridgedCall bridged;
  bridged.capability = id;
  bridged.access = access_of(directory, *task);
  bridged.connection = std::move(task->connection);
  bridged.name = std::move(task->id);
  bridged.params = upstream_params(call, Replacement{"taskId", jsonrpc::quote(bridged.name)});
  bridged.meta = upstream_meta(call, LogWish::pass);
  return bridged;
}

}  // namespace gatehouse::gateway
