#include "mcp_server/interest_filter.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/log_level.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

Error bad(std::string_view member, std::string_view what) {
  return {Errc::invalid_argument, fmt::format("params.notifications.{} {}", member, what), {}};
}

using Names = std::set<std::string, std::less<>>;

Result<void> read_names(const JsonMember& member, Names& into) {
  if (!member.value.is_array()) return std::unexpected(bad(member.raw_key, "must be an array"));
  for (const JsonView element : member.value.elements()) {
    auto name = element.as_string();
    if (!name) return std::unexpected(bad(member.raw_key, "must hold strings"));
    if (into.size() >= limits::kSubscriptions) {
      return std::unexpected(bad(member.raw_key, "is too long (kSubscriptions)"));
    }
    into.insert(std::move(*name));
  }
  return {};
}

Result<void> read_flag(const JsonMember& member, bool& into) {
  if (member.value.is_null()) return {};
  const auto flag = member.value.as_bool();
  if (!flag) return std::unexpected(bad(member.raw_key, "must be a boolean"));
  into = *flag;
  return {};
}

Result<void> read_member(const JsonMember& member, mcp::Interest& into) {
  if (member.is("toolsListChanged")) return read_flag(member, into.tools);
  if (member.is("promptsListChanged")) return read_flag(member, into.prompts);
  if (member.is("resourcesListChanged")) return read_flag(member, into.resources);
  if (member.is("resourceSubscriptions")) return read_names(member, into.resource_uris);
  if (member.is("taskIds")) return read_names(member, into.task_ids);
  return {};  // what we do not know is not honoured, and the acknowledgement says so
}

void append_names(std::string& out, std::string_view member, const Names& names) {
  if (names.empty()) return;
  out.append(out.back() == '{' ? "\"" : ",\"").append(member).append("\":[");
  for (const std::string& name : names) {
    if (out.back() != '[') out += ',';
    jsonrpc::append_quoted(out, name);
  }
  out += ']';
}

void append_flag(std::string& out, std::string_view member, bool set) {
  if (set) out.append(out.back() == '{' ? "\"" : ",\"").append(member).append("\":true");
}

Names common(const Names& wanted, const Names& granted) {
  Names both;
  for (const std::string& name : wanted) {
    if (granted.contains(name)) both.insert(name);
  }
  return both;
}

/// The specification lets a server tell of a sub-resource of what was subscribed to.
bool covers(const Names& subscribed, std::string_view uri) {
  if (subscribed.contains(uri)) return true;
  for (const std::string& above : subscribed) {
    if (above.empty() || !uri.starts_with(above)) continue;
    const char next = uri[above.size()];
    if (above.back() == '/' || next == '/' || next == '?' || next == '#') return true;
  }
  return false;
}

bool names_one_of(std::string_view params, std::string_view member, const Names& names,
                  bool below) {
  if (names.empty() || params.empty()) return false;
  const auto name = JsonView::of_proved(params).string(member);
  if (!name) return false;
  return below ? covers(names, *name) : names.contains(*name);
}

}  // namespace

Result<mcp::Interest> parse_listen_filter(const jsonrpc::Message& listen) {
  const std::string_view raw = listen.member("notifications");
  if (raw.empty() || raw.front() != '{') {
    return fail(Errc::invalid_argument, "params.notifications must be an object");
  }
  mcp::Interest interest;
  for (const JsonMember& member : JsonView::of_proved(raw).members()) {
    if (auto read = read_member(member, interest); !read) return std::unexpected(read.error());
  }
  return interest;
}

std::string make_acknowledgement(const mcp::Interest& granted, std::string_view raw_id) {
  std::string filter = "{";
  append_flag(filter, "toolsListChanged", granted.tools);
  append_flag(filter, "promptsListChanged", granted.prompts);
  append_flag(filter, "resourcesListChanged", granted.resources);
  append_names(filter, "resourceSubscriptions", granted.resource_uris);
  append_names(filter, "taskIds", granted.task_ids);
  return fmt::format(R"({{"_meta":{{"{}":{}}},"notifications":{}}}}})", mcp::kMetaSubscriptionId,
                     raw_id, filter);
}

std::string add_subscription_id(std::string_view params, std::string_view raw_id) {
  std::string meta = fmt::format(R"("_meta":{{"{}":{})", mcp::kMetaSubscriptionId, raw_id);
  std::string rest;
  if (!params.empty()) {
    for (const JsonMember& member : JsonView::of_proved(params).members()) {
      if (!member.is("_meta")) {
        rest.append(",\"").append(member.raw_key).append("\":").append(member.value.raw());
        continue;
      }
      for (const JsonMember& entry : member.value.members()) {
        if (entry.is(mcp::kMetaSubscriptionId)) continue;
        meta.append(",\"").append(entry.raw_key).append("\":").append(entry.value.raw());
      }
    }
  }
  return fmt::format("{{{}}}{}}}", meta, rest);
}

mcp::Interest intersection(const mcp::Interest& wanted, const mcp::Interest& granted) {
  mcp::Interest both;
  both.tools = wanted.tools && granted.tools;
  both.prompts = wanted.prompts && granted.prompts;
  both.resources = wanted.resources && granted.resources;
  both.resource_uris = common(wanted.resource_uris, granted.resource_uris);
  both.task_ids = common(wanted.task_ids, granted.task_ids);
  if (!wanted.log_level.empty()) both.log_level = granted.log_level;
  return both;
}

bool is_wanted(const mcp::Interest& interest, std::string_view method, std::string_view params) {
  if (method == "notifications/tools/list_changed") return interest.tools;
  if (method == "notifications/prompts/list_changed") return interest.prompts;
  if (method == "notifications/resources/list_changed") return interest.resources;
  if (method == "notifications/resources/updated") {
    return names_one_of(params, "uri", interest.resource_uris, true);
  }
  if (method == "notifications/tasks") {
    return names_one_of(params, "taskId", interest.task_ids, false);
  }
  if (method == "notifications/message") {
    return reaches(parse_log_level(interest.log_level), params);
  }
  return false;
}

}  // namespace gatehouse::mcp_server
