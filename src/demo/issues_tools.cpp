#include <fmt/format.h>

#include "base/encoding.hpp"
#include "demo/issue_tracker.hpp"
#include "demo/tool_sets.hpp"

namespace gatehouse::demo {
namespace {

constexpr std::string_view kList = R"json({
  "name": "list_issues", "title": "List issues",
  "description": "Lists issues of the tracker, filtered by status, assignee or words in the title.",
  "inputSchema": {"type": "object", "additionalProperties": false, "properties": {
    "status": {"type": "string", "enum": ["open", "closed", "all"], "default": "open"},
    "assignee": {"type": "string", "description": "A user id such as ada"},
    "text": {"type": "string", "description": "Words in the title"}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kGet = R"json({
  "name": "get_issue", "title": "Read an issue",
  "description": "Returns one issue with its comments.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["number"],
    "properties": {"number": {"type": "integer", "minimum": 1}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kCreate = R"json({
  "name": "create_issue", "title": "Open an issue",
  "description": "Opens an issue in the tracker and returns its number.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["title"],
    "properties": {
      "title": {"type": "string", "minLength": 1, "maxLength": 200},
      "body": {"type": "string", "maxLength": 20000},
      "priority": {"type": "string", "enum": ["low", "normal", "high"], "default": "normal"}}},
  "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": false}
})json";

constexpr std::string_view kAssign = R"json({
  "name": "assign_issue", "title": "Assign an issue",
  "description": "Gives an issue to somebody, or to nobody when assignee is empty.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["number", "assignee"],
    "properties": {"number": {"type": "integer", "minimum": 1}, "assignee": {"type": "string", "maxLength": 60}}},
  "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kComment = R"json({
  "name": "comment_on_issue", "title": "Comment on an issue",
  "description": "Adds a comment in your name.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["number", "text"],
    "properties": {"number": {"type": "integer", "minimum": 1},
      "text": {"type": "string", "minLength": 1, "maxLength": 5000}}},
  "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": false}
})json";

constexpr std::string_view kClose = R"json({
  "name": "close_issue", "title": "Close an issue",
  "description": "Closes an issue and says why.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["number"],
    "properties": {"number": {"type": "integer", "minimum": 1},
      "reason": {"type": "string", "enum": ["completed", "duplicate", "not_planned"], "default": "completed"}}},
  "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false}
})json";

IssueTracker& tracker(void* state) {
  return *static_cast<IssueTracker*>(state);
}

std::string describe_issue(const Issue& issue) {
  std::string out = fmt::format(
      R"({{"number":{},"title":{},"body":{},"author":{},"assignee":{},"priority":{},"status":"{}")",
      issue.number, jsonrpc::quote(issue.title), jsonrpc::quote(issue.body),
      jsonrpc::quote(issue.author), jsonrpc::quote(issue.assignee), jsonrpc::quote(issue.priority),
      issue.open ? "open" : "closed");
  if (!issue.open) out += ",\"closed_as\":" + jsonrpc::quote(issue.closed_as);
  out += ",\"comments\":[";
  for (std::size_t i = 0; i < issue.comments.size(); ++i) {
    if (i != 0) out += ',';
    jsonrpc::append_quoted(out, issue.comments[i]);
  }
  return out + "]}";
}

/// The issue that the arguments name; null with `wrong` filled when there is none.
Issue* find_issue(void* state, const ToolCall& call, ToolResult& wrong) {
  const auto number = call.arguments.integer("number").value_or(0);
  Issue* issue =
      number > 0 && number < 1'000'000 ? tracker(state).find(static_cast<int>(number)) : nullptr;
  if (issue == nullptr) {
    wrong = tool_error(fmt::format("There is no issue #{}. Use list_issues.", number));
  }
  return issue;
}

ToolResult done(const Issue& issue, std::string_view what) {
  return {fmt::format("#{} {}: {}.", issue.number, issue.title, what), describe_issue(issue)};
}

Task<ToolResult> run_list(void* state, ToolCall call) {
  const std::string status = call.arguments.string("status").value_or("open");
  const auto assignee = call.arguments.string("assignee");
  const std::string text = ascii_lower(call.arguments.string("text").value_or(""));
  ToolResult result{.structured = "{\"issues\":["};
  for (const auto& [number, issue] : tracker(state).all()) {
    if (status != "all" && issue.open != (status == "open")) continue;
    if (assignee && issue.assignee != *assignee) continue;
    if (ascii_lower(issue.title).find(text) == std::string::npos) continue;
    if (result.structured.back() != '[') result.structured += ',';
    result.structured += describe_issue(issue);
    result.text +=
        fmt::format("#{}  {}  [{}]\n", number, issue.title, issue.open ? issue.priority : "closed");
  }
  result.structured += "]}";
  if (result.text.empty()) result.text = "No issues found.";
  co_return result;
}

Task<ToolResult> run_get(void* state, ToolCall call) {
  ToolResult wrong;
  const Issue* issue = find_issue(state, call, wrong);
  if (issue == nullptr) co_return wrong;
  std::string text = fmt::format("#{} {} ({})\n\n{}\n", issue->number, issue->title,
                                 issue->open ? "open" : "closed", issue->body);
  for (const std::string& comment : issue->comments) text += "\n" + comment;
  co_return ToolResult{std::move(text), describe_issue(*issue)};
}

Task<ToolResult> run_create(void* state, ToolCall call) {
  Issue issue{.title = *call.arguments.string("title"),
              .body = call.arguments.string("body").value_or(""),
              .author = call.caller.user_id};
  issue.priority = call.arguments.string("priority").value_or("normal");
  const Issue* added = tracker(state).add(std::move(issue));
  if (added == nullptr) co_return tool_error("The tracker is full.");
  co_return done(*added, "opened");
}

Task<ToolResult> run_assign(void* state, ToolCall call) {
  ToolResult wrong;
  Issue* issue = find_issue(state, call, wrong);
  if (issue == nullptr) co_return wrong;
  issue->assignee = *call.arguments.string("assignee");
  co_return done(*issue,
                 issue->assignee.empty() ? "assigned to nobody" : "assigned to " + issue->assignee);
}

Task<ToolResult> run_comment(void* state, ToolCall call) {
  ToolResult wrong;
  Issue* issue = find_issue(state, call, wrong);
  if (issue == nullptr) co_return wrong;
  if (issue->comments.size() >= IssueTracker::kComments) {
    co_return tool_error("This issue has too many comments.");
  }
  issue->comments.push_back(call.caller.user_id + ": " + *call.arguments.string("text"));
  co_return done(*issue, "comment added");
}

Task<ToolResult> run_close(void* state, ToolCall call) {
  ToolResult wrong;
  Issue* issue = find_issue(state, call, wrong);
  if (issue == nullptr) co_return wrong;
  issue->open = false;
  issue->closed_as = call.arguments.string("reason").value_or("completed");
  co_return done(*issue, "closed as " + issue->closed_as);
}

}  // namespace

std::vector<DemoTool> issues_tools() {
  const std::string read = "issues:read";
  const std::string write = "issues:write";
  return {
      {"list_issues", std::string(kList), read, run_list},
      {"get_issue", std::string(kGet), read, run_get},
      {"create_issue", std::string(kCreate), write, run_create},
      {"assign_issue", std::string(kAssign), write, run_assign},
      {"comment_on_issue", std::string(kComment), write, run_comment},
      {"close_issue", std::string(kClose), write, run_close},
      {"whoami", std::string(kWhoami), "", run_whoami},
  };
}

}  // namespace gatehouse::demo
