#include "gateway/directory.hpp"

#include "gateway/names.hpp"
#include "identity/tool_filter.hpp"
#include "jsonrpc/json.hpp"
#include "vault/standing.hpp"

namespace gatehouse::gateway {
namespace {

std::string raw_member(const jsonrpc::JsonView& object, std::string_view name) {
  const std::optional<jsonrpc::JsonView> member = object.find(name);
  return member && member->is_object() ? std::string(member->raw()) : std::string();
}

}  // namespace

std::optional<catalog::Capability> to_capability(std::string_view connection,
                                                 std::string_view raw_tool) {
  const jsonrpc::JsonView tool = jsonrpc::JsonView::of_proved(raw_tool);
  const std::optional<std::string> name = tool.string("name");
  if (!name || name->empty()) return std::nullopt;
  catalog::Capability capability;
  capability.connection = connection;
  capability.tool = *name;
  capability.name = public_name(connection, *name);
  capability.annotations = raw_member(tool, "annotations");
  capability.title = tool.string("title").value_or("");
  capability.description = tool.string("description").value_or("");
  capability.input_schema = raw_member(tool, "inputSchema");
  capability.output_schema = raw_member(tool, "outputSchema");
  capability.risk = catalog::risk_of_annotations(capability.annotations);
  return capability;
}

const mcp::Schema* ToolEntry::compiled() {
  if (!schema && !schema_problem) {
    Result<std::unique_ptr<mcp::Schema>> made =
        mcp::Schema::compile(input_schema.empty() ? "{}" : input_schema);
    if (made) {
      schema = std::move(*made);
    } else {
      schema_problem = made.error();
    }
  }
  return schema.get();
}

// The short form first: agents were given that, and no plain name looks like one.
ToolEntry* ConnectionEntry::find_tool(std::string_view name) const {
  if (const auto found = shortened.find(name); found != shortened.end()) return found->second;
  const auto found = tools.find(name);
  return found == tools.end() ? nullptr : found->second.get();
}

ConnectionNote ConnectionEntry::note() const {
  ConnectionNote note;
  note.name = connection->name;
  note.state = to_string(vault::standing_of(*connection, state));
  note.tools = tools.size();
  return note;
}

Directory::Directory(OrganizationId organization, vault::Store& store, Logger& logger,
                     Executor executor)
    : organization_(std::move(organization)),
      store_(store),
      logger_(logger),
      loaded_condition_(executor),
      index_(std::make_shared<catalog::Index>(
          std::vector<std::shared_ptr<const catalog::ConnectionCatalog>>{})) {}

Task<Result<void>> Directory::ensure_fresh() {
  while (!fresh()) {
    if (loading_) {
      co_await loaded_condition_.wait();
      continue;
    }
    loading_ = true;
    Result<void> loaded;
    try {
      loaded = co_await load_all();
    } catch (...) {
      all_stale_ = true;  // what load_all() had taken off the list was not loaded
      loading_ = false;
      loaded_condition_.notify_all();
      throw;
    }
    loading_ = false;
    loaded_condition_.notify_all();
    if (!loaded) co_return loaded;
  }
  co_return Result<void>{};
}

Task<Result<void>> Directory::load_all() {
  // Changes that arrive while we load mark their connection stale again, so the marks are taken
  // first.
  const std::set<std::string> stale = std::exchange(stale_, {});
  const bool everything = std::exchange(all_stale_, false) || !loaded_;
  Result<std::vector<vault::Connection>> connections =
      co_await store_.connections().list(organization_);
  if (!connections) {
    all_stale_ = true;
    co_return std::unexpected(connections.error());
  }
  std::set<std::string> names;
  for (vault::Connection& connection : *connections) {
    if (!identity::is_served(connection)) continue;
    names.insert(connection.name);
    const std::shared_ptr<ConnectionEntry> known = find(connection.name);
    const bool unchanged = !everything && known && known->connection->id == connection.id &&
                           !stale.contains(connection.id.value);
    if (unchanged) continue;
    if (const Result<void> loaded = co_await load_one(std::move(connection)); !loaded) {
      all_stale_ = true;
      co_return loaded;
    }
  }
  std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
  loaded_ = true;
  rebuild_index();
  co_return Result<void>{};
}

Task<Result<void>> Directory::load_one(vault::Connection connection) {
  auto entry = std::make_shared<ConnectionEntry>();
  const std::shared_ptr<ConnectionEntry> known = find(connection.name);
  // An unchanged connection keeps its object: upstreams compare revisions, and the pointer is
  // cheaper.
  const bool same = known && known->connection->id == connection.id &&
                    known->connection->revision == connection.revision;
  entry->connection =
      same ? known->connection : std::make_shared<const vault::Connection>(std::move(connection));
  const ConnectionId id = entry->connection->id;
  Result<vault::ConnectionState> state =
      co_await store_.connections().load_state(organization_, id);
  if (!state) co_return std::unexpected(state.error());
  entry->state = std::move(*state);
  Result<std::optional<vault::StoredCatalog>> stored =
      co_await store_.connections().load_catalog(organization_, id, local_member());
  if (!stored) co_return std::unexpected(stored.error());
  std::vector<catalog::Capability> capabilities;
  if (*stored) {
    entry->listed = true;
    for (const std::string& raw : (*stored)->tools) {
      std::optional<catalog::Capability> capability = to_capability(entry->connection->name, raw);
      if (!capability) {
        logger_.warn("tool_without_name", {{"connection", entry->connection->name}});
        continue;
      }
      if (!identity::allows_tool(entry->connection->options.tools, capability->tool)) continue;
      auto tool = std::make_unique<ToolEntry>();
      tool->name = capability->tool;
      tool->risk = capability->risk;
      tool->input_schema = capability->input_schema;
      const auto [at, is_new] = entry->tools.emplace(capability->tool, std::move(tool));
      if (is_new && is_shortened(capability->name))
        entry->shortened.emplace(split_name(capability->name)->name, at->second.get());
      capabilities.push_back(std::move(*capability));
    }
  }
  entry->catalog = catalog::ConnectionCatalog::make(std::move(capabilities));
  if (*stored) entry->stored = std::make_shared<const vault::StoredCatalog>(std::move(**stored));
  entries_.insert_or_assign(entry->connection->name, entry);
  co_return Result<void>{};
}

void Directory::rebuild_index() {
  std::vector<std::shared_ptr<const catalog::ConnectionCatalog>> catalogs;
  for (const auto& [name, entry] : entries_) catalogs.push_back(entry->catalog);
  index_ = std::make_shared<const catalog::Index>(std::move(catalogs));
}

void Directory::on_change(const vault::Change& change) {
  if (!(change.organization == organization_)) return;
  if (change.table == "connections" || change.table == "catalogs" || change.table == "states")
    stale_.insert(change.id);
}

void Directory::drop() {
  all_stale_ = true;
}

std::shared_ptr<ConnectionEntry> Directory::find(std::string_view connection) const {
  const auto found = entries_.find(connection);
  return found == entries_.end() ? nullptr : found->second;
}

std::vector<ConnectionNote> Directory::notes() const {
  std::vector<ConnectionNote> notes;
  for (const auto& [name, entry] : entries_) notes.push_back(entry->note());
  return notes;
}

}  // namespace gatehouse::gateway
