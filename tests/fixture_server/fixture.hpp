// The MCP server that the official conformance suite tests, made of our own server library: one
// table of tools, one of prompts, a few resources. It is as strict as a good third-party server:
// it asks a client for nothing that was not declared, checks arguments and answers against their
// schemas, and seals its requestState. What must be there is the suite's choice.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "fixture_server/sealed_state.hpp"
#include "jsonrpc/json.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::fixture {

using jsonrpc::JsonView;
using mcp_server::Call;
using mcp_server::Reply;

class Followers;
class TaskBook;

/// What tools and prompts work with; all of it outlives them.
struct Context {
  Followers& followers;
  TaskBook& tasks;
  const SealedState& seal;
};

/// `arguments` is proved, and valid by the schema.
using Handler = Task<Reply> (*)(Context& context, Call& call, JsonView arguments);

struct Tool {
  std::string_view name;
  std::string_view description;
  std::string_view input_schema;  ///< raw JSON
  Handler run = nullptr;
};

struct Prompt {
  std::string_view name;
  std::string_view description;
  std::string_view arguments;  ///< raw JSON array of PromptArgument
  Handler run = nullptr;
};

std::vector<Tool> content_tools();  ///< content_tools.cpp
std::vector<Tool> asking_tools();   ///< asking_tools.cpp
std::vector<Tool> form_tools();     ///< form_tools.cpp
std::vector<Tool> task_tools();     ///< task_tools.cpp
std::vector<Prompt> prompts();      ///< prompts.cpp

/// resources.cpp: the members of the results, and a reading.
std::string_view resource_list();
std::string_view resource_templates();
bool is_resource(std::string_view uri);
Reply read_resource(const Call& call);

inline constexpr std::string_view kNoArguments = R"({"type":"object","properties":{}})";
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";
inline constexpr std::string_view kRedPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5Erk"
    "Jggg==";

/// Members of a tool's result with one text.
inline std::string text_members(std::string_view text, bool is_error = false) {
  return fmt::format(R"("content":[{{"type":"text","text":{}}}]{})", jsonrpc::quote(text),
                     is_error ? R"(,"isError":true)" : "");
}
inline Reply result(std::string members) {
  return Reply{Reply::Result{std::move(members), {}}};
}
inline Reply text(std::string_view text) {
  return result(text_members(text));
}
inline Reply tool_error(std::string_view text) {
  return result(text_members(text, true));
}
inline Reply failure(int code, std::string message, std::string data = {}) {
  return Reply{Reply::Failure{code, std::move(message), std::move(data), 0}};
}

}  // namespace gatehouse::fixture
