#include "config/file_connections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/timer.hpp"
#include "config/row.hpp"
#include "http/url.hpp"

namespace gatehouse::config {
namespace {

constexpr auto kLook = std::chrono::seconds(1);  // between two looks at the files

bool waits(EntryState state) {
  return state == EntryState::waiting || state == EntryState::changed;
}

}  // namespace

std::string_view to_string(EntryState state) {
  switch (state) {
    case EntryState::in_effect:
      return "in_effect";
    case EntryState::waiting:
      return "waiting";
    case EntryState::changed:
      return "changed";
    case EntryState::broken:
      return "broken";
    case EntryState::shadowed:
      return "shadowed";
  }
  return "broken";
}

std::size_t FileReport::count(EntryState state) const {
  return static_cast<std::size_t>(std::ranges::count(entries, state, &EntryStatus::state));
}

bool FileReport::project_in_effect() const {
  return std::ranges::any_of(entries, [](const EntryStatus& status) {
    return status.layer == LayerKind::project && status.state == EntryState::in_effect;
  });
}

Task<Result<FileConnections::Rows>> FileConnections::load_rows() {
  Result<std::vector<vault::Connection>> all =
      co_await parts_.store.inner().connections().list(local_organization());
  if (!all) co_return std::unexpected(all.error());
  Rows rows;
  for (vault::Connection& connection : *all) {
    std::string name = connection.name;
    rows.emplace(std::move(name), std::move(connection));
  }
  co_return rows;
}

Task<Result<void>> FileConnections::read_layers(Scope scope) {
  const Where where = parts_.where;
  std::string global_file;
  std::vector<Layer> layers = co_await parts_.workers.run([&where, &global_file, scope] {
    std::vector<Layer> read;
    global_file = real_path(where.global_file);
    if (auto global = read_layer(LayerKind::global, where.global_file, where))
      read.push_back(std::move(*global));
    if (scope == Scope::global) return read;
    const std::string file = find_project_file(where.directory, where.home);
    const bool same = !read.empty() && read.front().file == file;
    auto project = same ? std::nullopt : read_layer(LayerKind::project, file, where);
    if (project) read.push_back(std::move(*project));
    return read;
  });
  FileReport report;
  readable_.clear();
  report.global_file = global_file;
  for (Layer& layer : layers) {
    if (layer.kind == LayerKind::project) report.project_file = layer.file;
    readable_[layer.file] = !layer.problem;
    if (layer.problem) report.files.push_back({layer.file, layer.problem, {}});
    for (const std::string& warning : layer.document.warnings)
      report.files.push_back({layer.file, std::nullopt, warning});
    for (FileEntry& entry : layer.document.entries) {
      EntryStatus status;
      status.layer = layer.kind;
      status.file = layer.file;
      if (entry.problem) status.state = EntryState::broken;
      status.problem = entry.problem;
      status.entry = std::move(entry);
      report.entries.push_back(std::move(status));
    }
  }
  report_ = std::move(report);
  co_return Result<void>{};
}

Task<Result<std::vector<ConnectionId>>> FileConnections::sync(Scope scope) {
  scope_ = scope;
  const std::map<std::string, Rank> before = parts_.store.in_effect();
  if (Result<void> read = co_await read_layers(scope); !read)
    co_return std::unexpected(read.error());
  Result<Rows> rows = co_await load_rows();
  if (!rows) co_return std::unexpected(rows.error());
  std::map<std::string, Rank> in_effect;
  std::vector<ConnectionId> touched;
  for (EntryStatus& status : report_.entries) {
    if (status.state == EntryState::broken) continue;
    if (Result<void> done = co_await sync_entry(status, *rows, in_effect, touched); !done)
      co_return std::unexpected(done.error());
  }
  // One bad edit of the person's own file does not take everything away: what it last said holds.
  for (const auto& [name, row] : *rows) {
    const auto readable = readable_.find(row.origin);
    const bool kept = row.origin == report_.global_file && readable != readable_.end() &&
                      !readable->second && !row.origin_missing_since;
    if (kept) in_effect.emplace(name, Rank::global);
  }
  parts_.store.set_in_effect(in_effect);
  if (Result<void> retired = co_await retire_missing(*rows, touched); !retired)
    co_return std::unexpected(retired.error());
  mark_shadowed(*rows);
  for (const auto& [name, row] : *rows)
    if (before.contains(name) != in_effect.contains(name)) touched.push_back(row.id);
  co_return touched;
}

Task<Result<void>> FileConnections::sync_entry(EntryStatus& status, Rows& rows,
                                               std::map<std::string, Rank>& in_effect,
                                               std::vector<ConnectionId>& touched) {
  const std::string stored = stored_name(status.entry.name, status.file);
  const auto found = rows.find(stored);
  std::optional<vault::Connection> row;
  if (found != rows.end()) row = found->second;
  if (status.layer == LayerKind::project && (!row || !is_approved(*row, status.entry))) {
    status.state = row ? EntryState::changed : EntryState::waiting;
    if (row) status.approved_before = *row;
    co_return Result<void>{};
  }
  Result<std::string> url = co_await fill_url(status.entry);
  if (!url) {
    status.state = EntryState::broken;
    status.problem = url.error();
    co_return Result<void>{};
  }
  const Rank rank = status.layer == LayerKind::project ? Rank::project : Rank::global;
  in_effect.emplace(stored, rank);
  if (row && is_current(*row, status.entry, *url)) co_return Result<void>{};
  Result<vault::Connection> saved = co_await store_entry(status, row);
  if (!saved && saved.error().code == Errc::conflict) co_return Result<void>{};  // another process
  if (!saved) co_return std::unexpected(saved.error());
  touched.push_back(saved->id);
  rows.insert_or_assign(stored, std::move(*saved));
  co_return Result<void>{};
}

Task<Result<vault::Connection>> FileConnections::store_entry(const EntryStatus& status,
                                                             std::optional<vault::Connection> row) {
  Result<std::string> url = co_await fill_url(status.entry);
  if (!url) co_return std::unexpected(url.error());
  vault::Connection wanted = merge(status.entry, *url, status.file, row);
  vault::ConnectionStore& store = parts_.store.inner().connections();
  if (!row) {
    wanted.id = ConnectionId::make();
    wanted.organization = local_organization();
    wanted.created_at = parts_.clock.now();
    co_return co_await store.create(std::move(wanted));
  }
  // Another URL ends no login: editors save half a word. Credentials are bound to the URL they were
  // got for; they are of no use at another, and good again once the edit is undone.
  co_return co_await store.update(std::move(wanted));
}

Task<Result<std::string>> FileConnections::fill_url(const FileEntry& entry) {
  if (entry.connection.transport != vault::Transport::http) co_return std::string();
  const Result<Template> parsed = parse_template(entry.connection.url);
  if (!parsed) co_return std::unexpected(parsed.error());
  Result<Secret> filled = co_await parts_.reader.fill(*parsed);
  if (!filled)
    co_return fail(filled.error().code, "url: " + filled.error().detail, filled.error().hint);
  if (!http::Url::parse(filled->reveal())) {
    co_return fail(Errc::invalid_argument,
                   "url is not an absolute http or https URL once its placeholders are filled in");
  }
  co_return std::string(filled->reveal());
}

Task<Result<void>> FileConnections::retire_missing(const Rows& rows,
                                                   std::vector<ConnectionId>& touched) {
  const SystemTime now = parts_.clock.now();
  for (const auto& [name, row] : rows) {
    const auto readable = readable_.find(row.origin);
    const bool judged = row.origin == report_.global_file
                            ? readable == readable_.end() || readable->second
                            : readable != readable_.end() && readable->second;
    if (row.origin.empty() || !judged) continue;
    const bool named = std::ranges::any_of(report_.entries, [&](const EntryStatus& status) {
      return status.file == row.origin && stored_name(status.entry.name, status.file) == name;
    });
    if (named) continue;
    if (row.origin_missing_since && now - *row.origin_missing_since < kOrphanLife) continue;
    if (row.origin_missing_since) {
      parts_.log.info("forgotten", {{"connection", short_name(name)}, {"file", row.origin}});
      if (Result<void> gone = co_await revoke(row.id); !gone) co_return gone;
    } else {
      vault::Connection changed = row;
      changed.origin_missing_since = now;
      (void)co_await parts_.store.inner().connections().update(std::move(changed));
    }
    touched.push_back(row.id);
  }
  co_return Result<void>{};
}

void FileConnections::mark_shadowed(const Rows& rows) {
  for (EntryStatus& status : report_.entries) {
    if (status.state != EntryState::in_effect || status.layer == LayerKind::project) continue;
    const bool by_project = std::ranges::any_of(report_.entries, [&](const EntryStatus& other) {
      return other.layer == LayerKind::project && other.state == EntryState::in_effect &&
             other.entry.name == status.entry.name;
    });
    if (by_project)
      status.shadowed_by = "the project's file";
    else if (rows.contains(status.entry.name))
      status.shadowed_by = "the connection that was added";
    if (!status.shadowed_by.empty()) status.state = EntryState::shadowed;
  }
}

Task<Result<void>> FileConnections::approve(std::string name, std::string digest) {
  const auto found = std::ranges::find_if(report_.entries, [&](const EntryStatus& status) {
    return status.layer == LayerKind::project && status.entry.name == name;
  });
  if (found == report_.entries.end())
    co_return fail(Errc::not_found, fmt::format("the project's file has no entry {}", name));
  // What was shown is what counts: the file may be another by now.
  std::optional<Layer> now = co_await parts_.workers.run(
      [this, file = found->file] { return read_layer(LayerKind::project, file, parts_.where); });
  const auto same = [&](const FileEntry& entry) {
    return entry.name == name && entry.digest == digest && !entry.problem;
  };
  const bool unchanged = now && std::ranges::any_of(now->document.entries, same);
  if (!unchanged || found->entry.digest != digest || !waits(found->state)) {
    co_return fail(Errc::conflict, fmt::format("{} is not what was shown", name),
                   "gatehouse trust shows it anew");
  }
  const EntryStatus status = *found;
  Result<Rows> rows = co_await load_rows();
  if (!rows) co_return std::unexpected(rows.error());
  std::optional<vault::Connection> row;
  if (const auto old = rows->find(stored_name(name, status.file)); old != rows->end())
    row = old->second;
  Result<vault::Connection> stored = co_await store_entry(status, std::move(row));
  if (!stored) co_return std::unexpected(stored.error());
  Result<std::vector<ConnectionId>> synced = co_await sync(scope_);
  if (!synced) co_return std::unexpected(synced.error());
  co_return Result<void>{};
}

Task<Result<void>> FileConnections::revoke(ConnectionId id) {
  Result<Rows> rows = co_await load_rows();
  if (!rows) co_return std::unexpected(rows.error());
  const auto found =
      std::ranges::find_if(*rows, [&](const auto& row) { return row.second.id == id; });
  if (found == rows->end() || found->second.origin.empty())
    co_return fail(Errc::not_found, "no file's connection has this id");
  vault::Connection row = found->second;
  row.name = short_name(row.name);
  if (parts_.end_login && row.transport == vault::Transport::http) co_await parts_.end_login(row);
  co_return co_await parts_.store.inner().connections().erase(row.organization, id);
}

Task<Result<std::vector<vault::Connection>>> FileConnections::approved() {
  Result<Rows> rows = co_await load_rows();
  if (!rows) co_return std::unexpected(rows.error());
  std::vector<vault::Connection> out;
  for (auto& [name, row] : *rows) {
    if (row.origin.empty()) continue;
    row.name = short_name(row.name);
    out.push_back(std::move(row));
  }
  co_return out;
}

std::string FileConnections::stamp() const {
  std::string all = file_stamp(parts_.where.global_file);
  if (scope_ == Scope::project) {
    const std::string file = find_project_file(parts_.where.directory, parts_.where.home);
    all += "|" + file + "|" + file_stamp(file);
  }
  return all;
}

Task<> FileConnections::run_watch(std::function<void(const std::vector<ConnectionId>&)> on_change) {
  std::string seen = co_await parts_.workers.run([this] { return stamp(); });
  while (true) {
    co_await sleep_for(kLook);
    std::string now = co_await parts_.workers.run([this] { return stamp(); });
    if (now == seen) continue;
    Result<std::vector<ConnectionId>> touched = co_await sync(scope_);
    if (!touched) {
      parts_.log.warn("configuration_not_read", {{"error", touched.error().detail}});
      continue;  // and again at the next look
    }
    seen = std::move(now);
    for (const FileReport::FileNote& note : report_.files) {
      if (note.problem)
        parts_.log.warn("configuration_file",
                        {{"file", note.file}, {"problem", note.problem->detail}});
    }
    parts_.log.info("configuration_read", {{"changed", std::to_string(touched->size())}});
    on_change(*touched);
  }
}

std::string FileConnections::place_of(const vault::Connection& connection) const {
  if (connection.origin.empty()) return {};
  for (const EntryStatus& status : report_.entries) {
    if (status.file == connection.origin && status.entry.name == connection.name)
      return fmt::format("{}:{}", status.file, status.entry.line);
  }
  return connection.origin;
}

}  // namespace gatehouse::config
