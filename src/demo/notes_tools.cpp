#include <fmt/format.h>

#include "demo/notes.hpp"
#include "demo/tool_sets.hpp"

namespace gatehouse::demo {
namespace {

constexpr std::string_view kSearch = R"json({
  "name": "search_notes", "title": "Search notes",
  "description": "Finds notes whose title, text or tags have every word of the query.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["query"],
    "properties": {
      "query": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Words to look for"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}}},
  "outputSchema": {"type": "object", "required": ["notes"], "properties": {"notes": {"type": "array"}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kList = R"json({
  "name": "list_notes", "title": "List notes",
  "description": "Lists all notes, newest first; those with a tag when one is given.",
  "inputSchema": {"type": "object", "additionalProperties": false,
    "properties": {"tag": {"type": "string", "maxLength": 50}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kGet = R"json({
  "name": "get_note", "title": "Read a note",
  "description": "Returns one note in full.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["id"],
    "properties": {"id": {"type": "string", "description": "Such as note-3"}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kCreate = R"json({
  "name": "create_note", "title": "Write a note",
  "description": "Writes a new note and returns its id.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["title"],
    "properties": {
      "title": {"type": "string", "minLength": 1, "maxLength": 200},
      "body": {"type": "string", "maxLength": 20000},
      "tags": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 50}}}},
  "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": false}
})json";

constexpr std::string_view kDelete = R"json({
  "name": "delete_note", "title": "Delete a note",
  "description": "Deletes one note for good. Needs a permission that is asked for when it is first used.",
  "inputSchema": {"type": "object", "additionalProperties": false, "required": ["id"],
    "properties": {"id": {"type": "string"}}},
  "annotations": {"readOnlyHint": false, "destructiveHint": true, "idempotentHint": true, "openWorldHint": false}
})json";

constexpr std::string_view kExport = R"json({
  "name": "export_notes", "title": "Export all notes",
  "description": "Writes all notes as one Markdown document. Takes a moment and reports progress.",
  "inputSchema": {"type": "object", "additionalProperties": false,
    "properties": {"pause_ms": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 50,
      "description": "How long to take for each note"}}},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

Notebook& notebook_of(void* state, const ToolCall& call) {
  return static_cast<Notebooks*>(state)->of(call.caller.user_id);
}

std::string describe_note(const Note& note) {
  std::string out = "{\"id\":" + jsonrpc::quote(note.id) +
                    ",\"title\":" + jsonrpc::quote(note.title) +
                    ",\"body\":" + jsonrpc::quote(note.body) + ",\"tags\":[";
  for (std::size_t i = 0; i < note.tags.size(); ++i) {
    if (i != 0) out += ',';
    jsonrpc::append_quoted(out, note.tags[i]);
  }
  return out + "]}";
}

ToolResult list_of(const std::vector<const Note*>& notes, std::size_t most) {
  ToolResult result{.structured = "{\"notes\":["};
  std::size_t shown = 0;
  for (const Note* note : notes) {
    if (shown == most) break;
    if (shown++ != 0) result.structured += ',';
    result.structured += describe_note(*note);
    result.text += fmt::format("{}  {}\n", note->id, note->title);
  }
  result.structured += fmt::format("],\"total\":{}}}", notes.size());
  if (result.text.empty()) result.text = "No notes found.";
  return result;
}

ToolResult no_such_note(std::string_view id) {
  return tool_error(
      fmt::format("There is no note {}. Use search_notes to find its id.", quote_remote(id, 60)));
}

Task<ToolResult> run_search(void* state, ToolCall call) {
  const auto limit = call.arguments.integer("limit").value_or(10);
  co_return list_of(notebook_of(state, call).search(*call.arguments.string("query")),
                    static_cast<std::size_t>(limit));
}

Task<ToolResult> run_list(void* state, ToolCall call) {
  const auto tag = call.arguments.string("tag");
  std::vector<const Note*> notes;
  for (const Note& note : notebook_of(state, call).all()) {
    if (!tag || std::ranges::find(note.tags, *tag) != note.tags.end()) notes.push_back(&note);
  }
  co_return list_of(notes, Notebook::kMost);
}

Task<ToolResult> run_get(void* state, ToolCall call) {
  const std::string id = *call.arguments.string("id");
  const Note* note = notebook_of(state, call).find(id);
  if (note == nullptr) co_return no_such_note(id);
  co_return ToolResult{fmt::format("# {}\n\n{}", note->title, note->body), describe_note(*note)};
}

Task<ToolResult> run_create(void* state, ToolCall call) {
  std::vector<std::string> tags;
  if (const auto given = call.arguments.find("tags")) {
    for (const jsonrpc::JsonView& tag : given->elements()) tags.push_back(*tag.as_string());
  }
  const Note* note = notebook_of(state, call)
                         .add(*call.arguments.string("title"),
                              call.arguments.string("body").value_or(""), std::move(tags));
  if (note == nullptr) co_return tool_error("The notebook is full. Delete a note first.");
  co_return ToolResult{"Wrote " + note->id + ".", describe_note(*note)};
}

Task<ToolResult> run_delete(void* state, ToolCall call) {
  const std::string id = *call.arguments.string("id");
  if (!notebook_of(state, call).erase(id)) co_return no_such_note(id);
  co_return ToolResult{"Deleted " + id + "."};
}

Task<ToolResult> run_export(void* state, ToolCall call) {
  const std::chrono::milliseconds pause(call.arguments.integer("pause_ms").value_or(50));
  // A copy: others may write while this one waits.
  const std::list<Note> notes = notebook_of(state, call).all();
  ToolResult result;
  int done = 0;
  for (const Note& note : notes) {
    if (!co_await call.pause(pause)) co_return tool_error("Cancelled.");
    result.text += fmt::format("# {}\n\n{}\n\n", note.title, note.body);
    co_await call.progress(++done, static_cast<int>(notes.size()), note.title);
  }
  co_return result;
}

}  // namespace

std::vector<DemoTool> notes_tools() {
  const std::string read = "notes:read";
  return {
      {"search_notes", std::string(kSearch), read, run_search},
      {"list_notes", std::string(kList), read, run_list},
      {"get_note", std::string(kGet), read, run_get},
      {"create_note", std::string(kCreate), "notes:write", run_create},
      {"delete_note", std::string(kDelete), "notes:delete", run_delete},
      {"export_notes", std::string(kExport), read, run_export},
      {"whoami", std::string(kWhoami), "", run_whoami},
  };
}

}  // namespace gatehouse::demo
