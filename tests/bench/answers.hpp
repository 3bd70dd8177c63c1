// What the benchmark's tool server answers, as JSON: `echo` (1 KB) and `echo_64k`, and the same two
// as one event of a stream, `echo_sse` and `echo_sse_64k`. Modern (2026-07-28) or legacy
// (2025-11-25). It reads requests by searching, so it is for well-behaved senders only.
#pragma once

#include <string>
#include <string_view>

#include "bench/results.hpp"

namespace gatehouse::bench {

enum class Era { modern, legacy };

/// One prepared message: what stands before and after the request's id.
struct Answer {
  std::string before;
  std::string after;
  bool opens_session = false;  ///< the answer to `initialize`

  std::string with_id(std::string_view id) const { return before + std::string(id) + after; }
};

inline std::string_view id_of(std::string_view body) {
  constexpr std::string_view kId = R"("id":)";
  const std::size_t at = body.find(kId);
  if (at == std::string_view::npos) return "null";
  const std::string_view rest = body.substr(at + kId.size());
  return rest.substr(0, rest.find_first_of(",}"));
}

inline bool is_notification(std::string_view body) {
  return body.find(R"("id":)") == std::string_view::npos;
}

/// The call of one of the tools whose answer is an event of a stream.
inline bool wants_stream(std::string_view body) {
  return body.find(R"("name":"echo_sse)") != std::string_view::npos;
}

class Answers {
 public:
  Answers(Era era, int more_tools)
      : era_(era),
        small_(make(call_members(kSmallResult))),
        large_(make(call_members(kLargeResult))),
        list_(make(list_members(more_tools))),
        discover_(make(
            R"("supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":3600000,"cacheScope":"public",)"
            R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"bench","version":"1.0"}})")),
        initialize_(make(
            R"("protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1.0"})")) {
    initialize_.opens_session = true;
  }

  /// Null for what this era does not have.
  const Answer* choose(std::string_view body) const {
    if (has_method(body, "tools/call")) {
      const std::size_t name = body.find(R"("name":"echo)");
      if (name == std::string_view::npos) return nullptr;
      const std::string_view tool = body.substr(name + 8, 16);
      return tool.substr(0, tool.find('"')).ends_with("64k") ? &large_ : &small_;
    }
    if (has_method(body, "tools/list")) return &list_;
    if (era_ == Era::modern) return has_method(body, "server/discover") ? &discover_ : nullptr;
    return has_method(body, "initialize") ? &initialize_ : nullptr;
  }

 private:
  static bool has_method(std::string_view body, std::string_view method) {
    return body.find(R"("method":")" + std::string(method) + '"') != std::string_view::npos;
  }

  Answer make(std::string_view members) const {
    const std::string type = era_ == Era::modern ? R"("resultType":"complete",)" : "";
    return {R"({"jsonrpc":"2.0","id":)", R"(,"result":{)" + type + std::string(members) + "}}"};
  }

  static std::string call_members(std::size_t body_size) {
    return R"("content":[{"type":"text","text":")" + result_text(body_size) +
           R"("}],"isError":false)";
  }

  static std::string make_tool(std::string_view name, std::string_view description) {
    return R"({"name":")" + std::string(name) + R"(","description":")" + std::string(description) +
           R"(","inputSchema":{"type":"object","properties":{"text":{"type":"string","minLength":1,"maxLength":200,"description":"What to say"},)"
           R"("count":{"type":"integer","minimum":1,"maximum":10,"description":"How often"}},"required":["text"],"additionalProperties":false})"
           R"(,"annotations":{"readOnlyHint":true}})";
  }

  std::string list_members(int more_tools) const {
    std::string tools = make_tool("echo", "Answers with one kilobyte of text.");
    tools += "," + make_tool("echo_64k", "Answers with 64 kilobytes of text.");
    tools += "," + make_tool("echo_sse", "Answers with one kilobyte as an event of a stream.");
    tools += "," + make_tool("echo_sse_64k", "Answers with 64 kilobytes as an event of a stream.");
    for (int i = 0; i < more_tools; ++i) {
      tools += "," + make_tool("spare_" + std::to_string(i), "One of many tools nobody calls.");
    }
    std::string members = R"("tools":[)" + tools + ']';
    if (era_ == Era::modern) members += R"(,"ttlMs":3600000,"cacheScope":"public")";
    return members;
  }

  Era era_;
  Answer small_, large_, list_, discover_, initialize_;
};

}  // namespace gatehouse::bench
