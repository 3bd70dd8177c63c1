#include "mcp/listen_filter.hpp"

#include <algorithm>

#include "jsonrpc/json.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonView;
using Names = std::set<std::string, std::less<>>;

std::unexpected<Error> wrong_kind(std::string_view member, std::string_view kind) {
  return fail(Errc::invalid_argument,
              "notifications." + std::string(member) + " must be " + std::string(kind));
}

Result<bool> parse_flag(const JsonView& filter, std::string_view name) {
  const auto value = filter.find(name);
  if (!value || value->is_null()) return false;
  const auto flag = value->as_bool();
  if (!flag) return wrong_kind(name, "true or false");
  return *flag;
}

Result<Names> parse_names(const JsonView& filter, std::string_view name, std::size_t most) {
  Names names;
  const auto value = filter.find(name);
  if (!value || value->is_null()) return names;
  if (!value->is_array()) return wrong_kind(name, "an array of strings");
  for (const JsonView& element : value->elements()) {
    auto text = element.as_string();
    if (!text) return wrong_kind(name, "an array of strings");
    names.insert(std::move(*text));
    if (names.size() > most) {
      return fail(Errc::too_large, "notifications." + std::string(name) + " has more than " +
                                       std::to_string(most) + " entries");
    }
  }
  return names;
}

void add_names(std::string& out, std::string_view member, const Names& names) {
  if (names.empty()) return;
  if (out.size() > 1) out += ',';
  jsonrpc::append_quoted(out, member);
  out += ":[";
  bool first = true;
  for (const std::string& name : names) {
    if (!std::exchange(first, false)) out += ',';
    jsonrpc::append_quoted(out, name);
  }
  out += ']';
}

Names common(const Names& a, const Names& b) {
  Names both;
  std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
  return both;
}

/// A server may tell of what lies below the resource that was asked for.
bool covers(const Names& followed, std::string_view uri) {
  if (followed.contains(uri)) return true;
  return std::ranges::any_of(followed, [&](const std::string& above) {
    if (above.empty() || !uri.starts_with(above)) return false;
    const char next = uri[above.size()];
    return above.back() == '/' || next == '/' || next == '?' || next == '#';
  });
}

}  // namespace

std::string make_listen_filter(const Interest& interest) {
  std::string out = "{";
  const auto add = [&out](bool wanted, std::string_view member) {
    if (!wanted) return;
    if (out.size() > 1) out += ',';
    out.append("\"").append(member).append("\":true");
  };
  add(interest.tools, "toolsListChanged");
  add(interest.prompts, "promptsListChanged");
  add(interest.resources, "resourcesListChanged");
  add_names(out, "resourceSubscriptions", interest.resource_uris);
  add_names(out, "taskIds", interest.task_ids);
  return out + "}";
}

Result<Interest> parse_listen_filter(std::string_view raw, std::size_t most) {
  const JsonView filter = JsonView::of_proved(raw);
  if (!filter.is_object()) {
    return fail(Errc::invalid_argument, "notifications must be an object");
  }
  Interest interest;
  const std::pair<std::string_view, bool Interest::*> flags[] = {
      {"toolsListChanged", &Interest::tools},
      {"promptsListChanged", &Interest::prompts},
      {"resourcesListChanged", &Interest::resources}};
  for (const auto& [name, flag] : flags) {
    const auto value = parse_flag(filter, name);
    if (!value) return std::unexpected(value.error());
    interest.*flag = *value;
  }
  auto uris = parse_names(filter, "resourceSubscriptions", most);
  if (!uris) return std::unexpected(uris.error());
  auto tasks = parse_names(filter, "taskIds", most);
  if (!tasks) return std::unexpected(tasks.error());
  interest.resource_uris = std::move(*uris);
  interest.task_ids = std::move(*tasks);
  return interest;
}

Interest intersect(const Interest& wanted, const Interest& granted) {
  Interest both;
  both.tools = wanted.tools && granted.tools;
  both.prompts = wanted.prompts && granted.prompts;
  both.resources = wanted.resources && granted.resources;
  both.resource_uris = common(wanted.resource_uris, granted.resource_uris);
  both.task_ids = common(wanted.task_ids, granted.task_ids);
  if (!granted.log_level.empty()) both.log_level = wanted.log_level;
  return both;
}

bool hears(const Interest& interest, std::string_view method, std::string_view params) {
  if (method == "notifications/tools/list_changed") return interest.tools;
  if (method == "notifications/prompts/list_changed") return interest.prompts;
  if (method == "notifications/resources/list_changed") return interest.resources;
  if (method == "notifications/message") return !interest.log_level.empty();
  const JsonView view = JsonView::of_proved(params.empty() ? "{}" : params);
  if (method == "notifications/resources/updated") {
    const auto uri = view.string("uri");
    return uri && covers(interest.resource_uris, *uri);
  }
  if (method == "notifications/tasks") {
    const auto task = view.string("taskId");
    return task && interest.task_ids.contains(*task);
  }
  return false;
}

}  // namespace gatehouse::mcp
