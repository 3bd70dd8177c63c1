#include "mcp_server/answer.hpp"

#include <algorithm>

#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonMembers;

constexpr std::array<std::string_view, 6> kCacheable{"tools/list",     "server/discover",
                                                     "prompts/list",   "resources/list",
                                                     "resources/read", "resources/templates/list"};

/// What is between the braces of a proved object.
std::string_view inside_of(std::string_view object) {
  object.remove_prefix(1);
  object.remove_suffix(1);
  const std::size_t from = object.find_first_not_of(" \t\r\n");
  return from == std::string_view::npos ? std::string_view() : object.substr(from);
}

/// A member name with its quotes, and where in it the character is that ordinary text has least.
struct Needle {
  std::string_view quoted;
  std::size_t rare;
};
constexpr Needle kResultType{"\"resultType\"", 7};
constexpr Needle kMeta{"\"_meta\"", 1};
constexpr Needle kTtl{"\"ttlMs\"", 4};
constexpr Needle kScope{"\"cacheScope\"", 6};

bool mentions(std::string_view text, const Needle& needle) {
  const std::string_view name = needle.quoted;
  std::size_t at = needle.rare;
  while ((at = text.find(name[needle.rare], at)) != std::string_view::npos) {
    if (text.substr(at - needle.rare, name.size()) == name) return true;
    ++at;
  }
  return false;
}

/// Whether the members have one of that name. Looks for the bytes first: walking a large result
/// costs more, and most lack the name altogether.
bool has_member(std::string_view members, const Needle& needle) {
  if (members.starts_with(needle.quoted)) return true;
  if (!mentions(members, needle)) return false;
  const std::string_view name = needle.quoted.substr(1, needle.quoted.size() - 2);
  for (const JsonMember& member : JsonMembers(members)) {
    if (member.raw_key == name) return true;
  }
  return false;
}

bool is_modern_only(const JsonMember& member) {
  if (member.is("resultType") || member.is("ttlMs") || member.is("cacheScope")) return true;
  return member.is("structuredContent") && !member.value.is_object();
}

/// The members without those that a legacy client does not know; false when all may stay.
bool translate_for_legacy(std::string_view members, std::string& out) {
  constexpr Needle kStructured{"\"structuredContent\"", 11};
  const bool may_have = mentions(members, kResultType) || mentions(members, kTtl) ||
                        mentions(members, kScope) || mentions(members, kStructured);
  if (!may_have) return false;
  bool changed = false;
  for (const JsonMember& member : JsonMembers(members)) changed |= is_modern_only(member);
  if (!changed) return false;
  for (const JsonMember& member : JsonMembers(members)) {
    if (is_modern_only(member)) continue;
    if (!out.empty()) out += ',';
    out += '"';
    out.append(member.raw_key).append("\":").append(member.value.raw());
  }
  return true;
}

void append_member(std::string& out, std::string_view name, std::string_view raw) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":").append(raw);
}

/// Results with caching hints are complete ones (K-1, K-3).
bool is_complete(std::string_view members) {
  for (const JsonMember& member : JsonMembers(members)) {
    if (member.is("resultType")) return member.value.equals("complete");
  }
  return true;
}

void append_modern(std::string& head, const AnswerContext& context, std::string_view inside) {
  const bool typed = has_member(inside, kResultType);
  if (!typed) head += R"("resultType":"complete")";
  if (!context.server_info.empty() && !has_member(inside, kMeta)) {
    if (head.back() != '{') head += ',';
    head.append(R"("_meta":{")").append(mcp::kMetaServerInfo).append("\":");
    head.append(context.server_info).append("}");
  }
  if (std::ranges::find(kCacheable, context.method) == kCacheable.end()) return;
  if (typed && !is_complete(inside)) return;
  if (!has_member(inside, kTtl)) {
    append_member(head, "ttlMs", std::to_string(context.cache_ttl.count()));
  }
  if (!has_member(inside, kScope)) append_member(head, "cacheScope", R"("private")");
}

}  // namespace

Answer::Answer(const AnswerContext& context, const Reply::Result& result) {
  const std::string_view raw = result.raw.view();
  if (!raw.empty() && !raw.starts_with('{')) {  // what is spliced must be an object
    head_ = jsonrpc::make_error(context.id, jsonrpc::kInternalError, "the result is no object");
    pieces_ = {head_, {}, {}};
    return;
  }
  std::string_view inside = raw.empty() ? std::string_view(result.members) : inside_of(raw);
  head_.reserve(160 + context.id.size() + context.server_info.size());
  head_.append(R"({"jsonrpc":"2.0","id":)").append(context.id).append(R"(,"result":{)");
  if (context.era == mcp::Era::modern) {
    append_modern(head_, context, inside);
  } else if (translate_for_legacy(inside, translated_)) {
    inside = translated_;
  }
  if (head_.back() != '{' && !inside.empty()) head_ += ',';
  pieces_ = {head_, inside, "}}"};
}

Answer::Answer(std::string_view id, const Reply::Failure& failure)
    : head_(jsonrpc::make_error(id, failure.code, failure.message, failure.data)),
      pieces_{head_, {}, {}} {}

std::string Answer::text() const {
  std::string out;
  out.reserve(pieces_[0].size() + pieces_[1].size() + pieces_[2].size());
  for (const std::string_view piece : pieces_) out += piece;
  return out;
}

std::string make_server_info(const ServerDescription& description) {
  std::string out = "{";
  append_member(out, "name", jsonrpc::quote(description.name));
  if (!description.title.empty()) append_member(out, "title", jsonrpc::quote(description.title));
  append_member(out, "version", jsonrpc::quote(description.version));
  return out + "}";
}

std::string make_discover_members(const ServerDescription& description) {
  std::string out = R"("supportedVersions":[)";
  for (std::size_t i = 0; i < mcp::kModernVersions.size(); ++i) {
    if (i != 0) out += ',';
    jsonrpc::append_quoted(out, mcp::kModernVersions[i]);
  }
  out += ']';
  append_member(out, "capabilities", description.capabilities);
  if (!description.instructions.empty()) {
    append_member(out, "instructions", jsonrpc::quote(description.instructions));
  }
  return out;
}

std::string make_initialize_result(const ServerDescription& description, std::string_view version) {
  std::string out = "{";
  append_member(out, "protocolVersion", jsonrpc::quote(version));
  append_member(out, "capabilities", description.capabilities);
  append_member(out, "serverInfo", make_server_info(description));
  if (!description.instructions.empty()) {
    append_member(out, "instructions", jsonrpc::quote(description.instructions));
  }
  return out + "}";
}

}  // namespace gatehouse::mcp_server
