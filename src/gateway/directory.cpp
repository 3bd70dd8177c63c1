#include "gateway/directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "gateway/aggregate_lists.hpp"
#include "gateway/names.hpp"
#include "identity/tool_filter.hpp"
#include "jsonrpc/json.hpp"
#include "vault/standing.hpp"

namespace gatehouse::gateway {
namespace {

// Whether a name can stand in a command as it is.
bool is_typed(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
  });
}

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

ConnectionEntry::Tools& ConnectionEntry::tools() const {
  if (tools_) return *tools_;
  tools_ = std::make_unique<Tools>();
  if (!stored) return *tools_;
  for (const std::string& raw : stored->tools) {
    std::optional<catalog::Capability> capability = to_capability(connection->name, raw);
    if (!capability || blocked.contains(capability->tool)) continue;
    if (!identity::allows_tool(connection->options.tools, capability->tool)) continue;
    auto tool = std::make_unique<ToolEntry>();
    tool->name = capability->tool;
    tool->risk = capability->risk;
    tool->input_schema = std::move(capability->input_schema);
    const auto [at, is_new] = tools_->by_name.emplace(capability->tool, std::move(tool));
    if (is_new && is_shortened(capability->name))
      tools_->shortened.emplace(split_name(capability->name)->name, at->second.get());
  }
  return *tools_;
}

// The short form first: agents were given that, and no plain name looks like one.
ToolEntry* ConnectionEntry::find_tool(std::string_view name) const {
  const Tools& all = tools();
  if (const auto found = all.shortened.find(name); found != all.shortened.end())
    return found->second;
  const auto found = all.by_name.find(name);
  return found == all.by_name.end() ? nullptr : found->second.get();
}

bool ConnectionEntry::has_tool(std::string_view name) const {
  return tools().by_name.contains(name);
}

std::size_t ConnectionEntry::tool_count() const {
  if (!stored) return 0;
  const vault::ToolFilter& filter = connection->options.tools;
  const bool simple = filter.include.empty() && filter.exclude.empty() && blocked.empty();
  return simple && !tools_ ? stored->tools.size() : tools().by_name.size();
}

std::optional<Error> ConnectionEntry::why_blocked(std::string_view name) const {
  for (const auto& [tool, accepted] : blocked) {
    const bool is_it =
        tool == name || split_name(public_name(connection->name, tool))->name == name;
    if (!is_it || !identity::allows_tool(connection->options.tools, tool)) continue;
    const std::string full = connection->name + "." + quote_remote(tool, 80);
    return Error{Errc::policy,
                 fmt::format("{} {}, and {} is set to block that until a person approves it", full,
                             accepted ? "was changed by its server" : "is new at its server",
                             connection->name),
                 fmt::format("ask whoever runs this gateway: `gatehouse tools {0} --changed` shows "
                             "what is different, `gatehouse approve {0}{1}` accepts it",
                             connection->name, is_typed(tool) ? "." + tool : " --all")};
  }
  return std::nullopt;
}

std::optional<SystemTime> ConnectionEntry::listed_at() const {
  if (!stored) return std::nullopt;
  return std::max(stored->fetched_at, state.ready_at.value_or(stored->fetched_at));
}

const ListHashes& ConnectionEntry::hashes() const {
  if (hashes_) return *hashes_;
  const auto hash_of = [this](ItemKind kind) {
    std::size_t hash = 0;
    for (const std::string_view item : items_of(*this, kind))
      hash = mix_hashes(hash + 1, std::hash<std::string_view>{}(item));
    return hash;
  };
  hashes_ = ListHashes{hash_of(ItemKind::tool), hash_of(ItemKind::prompt),
                       hash_of(ItemKind::resource), hash_of(ItemKind::resource_template)};
  return *hashes_;
}

ConnectionNote ConnectionEntry::note() const {
  ConnectionNote note;
  note.name = connection->name;
  note.state = to_string(vault::standing_of(*connection, state));
  note.tools = tool_count();
  for (const auto& [tool, accepted] : blocked)
    if (accepted) note.blocked.insert(tool);
  return note;
}

Directory::Directory(OrganizationId organization, vault::Store& store, Logger& logger,
                     Executor executor, Workers* workers)
    : organization_(std::move(organization)),
      store_(store),
      logger_(logger),
      workers_(workers),
      loaded_condition_(executor),
      indexed_condition_(executor),
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
  const std::map<std::string, Stale> stale = std::exchange(stale_, {});
  const bool everything = std::exchange(all_stale_, false) || !loaded_;
  Result<std::vector<vault::Connection>> connections =
      co_await store_.connections().list(organization_);
  if (!connections) {
    all_stale_ = true;
    co_return std::unexpected(connections.error());
  }
  if (everything) {
    Result<ReadAhead> ahead = co_await read_ahead();
    if (!ahead) {
      all_stale_ = true;
      co_return std::unexpected(ahead.error());
    }
    read_ahead_ = std::move(*ahead);
  }
  std::set<std::string> names;
  for (vault::Connection& connection : *connections) {
    if (!identity::is_served(connection)) continue;
    names.insert(connection.name);
    const std::shared_ptr<ConnectionEntry> known = find(connection.name);
    const auto mark = stale.find(connection.id.value);
    const bool same = !everything && known && known->connection->id == connection.id;
    if (same && mark == stale.end()) continue;
    const bool only_state = same && mark->second == Stale::state;
    const Result<void> loaded =
        only_state ? co_await load_state(*known) : co_await load_one(std::move(connection));
    if (!loaded) {
      all_stale_ = true;
      co_return loaded;
    }
  }
  read_ahead_.reset();
  if (std::erase_if(entries_, [&](const auto& one) { return !names.contains(one.first); }) > 0)
    ++lists_;
  loaded_ = true;
  co_return Result<void>{};
}

// A change that is made after this was read marks its connection again.
Task<Result<Directory::ReadAhead>> Directory::read_ahead() {
  ReadAhead ahead;
  Result<std::vector<vault::StoredCatalog>> lists =
      co_await store_.connections().load_catalogs(organization_, local_member());
  if (!lists) co_return std::unexpected(lists.error());
  for (vault::StoredCatalog& one : *lists) {
    ConnectionId id = one.connection;
    ahead.lists.emplace(std::move(id), std::move(one));
  }
  Result<std::map<ConnectionId, vault::ConnectionState>> states =
      co_await store_.connections().load_states(organization_);
  if (!states) co_return std::unexpected(states.error());
  ahead.states = std::move(*states);
  co_return ahead;
}

Task<Result<void>> Directory::load_state(ConnectionEntry& entry) {
  if (read_ahead_) {
    const auto found = read_ahead_->states.find(entry.connection->id);
    entry.state = found == read_ahead_->states.end() ? vault::ConnectionState{} : found->second;
    co_return Result<void>{};
  }
  Result<vault::ConnectionState> state =
      co_await store_.connections().load_state(organization_, entry.connection->id);
  if (!state) co_return std::unexpected(state.error());
  entry.state = std::move(*state);
  co_return Result<void>{};
}

Task<Result<void>> Directory::load_lists(ConnectionEntry& entry) {
  const ConnectionId id = entry.connection->id;
  if (read_ahead_) {
    if (const auto found = read_ahead_->lists.find(id); found != read_ahead_->lists.end())
      entry.stored = std::make_shared<const vault::StoredCatalog>(std::move(found->second));
  } else {
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await store_.connections().load_catalog(organization_, id, local_member());
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) entry.stored = std::make_shared<const vault::StoredCatalog>(std::move(**stored));
  }
  entry.listed = entry.stored != nullptr;
  if (!entry.listed || entry.connection->options.on_change == vault::OnChange::allow)
    co_return Result<void>{};
  const bool own = entry.connection->mode == vault::CredentialMode::per_member;
  Result<std::vector<vault::Pin>> pins = co_await store_.connections().load_pins(
      organization_, id, own ? std::optional(local_member()) : std::nullopt,
      vault::ConnectionStore::Pins::waiting);
  if (!pins) co_return std::unexpected(pins.error());
  for (vault::Pin& pin : *pins) {
    std::optional<std::string> accepted;
    if (!pin.digest.empty()) accepted = std::move(pin.definition);
    entry.blocked.emplace(std::move(pin.name), std::move(accepted));
  }
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
  if (const Result<void> loaded = co_await load_state(*entry); !loaded) co_return loaded;
  if (const Result<void> loaded = co_await load_lists(*entry); !loaded) co_return loaded;
  ++lists_;
  entries_.insert_or_assign(entry->connection->name, entry);
  co_return Result<void>{};
}

void Directory::on_change(const vault::Change& change) {
  if (!(change.organization == organization_)) return;
  if (change.table == "connections" || change.table == "catalogs") {
    stale_.insert_or_assign(change.id, Stale::all);
  } else if (change.table == "states") {
    stale_.emplace(change.id, Stale::state);
  }
}

void Directory::drop() {
  all_stale_ = true;
}

std::shared_ptr<ConnectionEntry> Directory::find(std::string_view connection) const {
  const auto found = entries_.find(connection);
  return found == entries_.end() ? nullptr : found->second;
}

std::shared_ptr<ConnectionEntry> Directory::find(const ConnectionId& id) const {
  for (const auto& [name, entry] : entries_)
    if (entry->connection->id == id) return entry;
  return nullptr;
}

std::vector<ConnectionNote> Directory::notes() const {
  std::vector<ConnectionNote> notes;
  for (const auto& [name, entry] : entries_) notes.push_back(entry->note());
  return notes;
}

}  // namespace gatehouse::gateway
