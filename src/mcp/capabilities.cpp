#include "mcp/capabilities.hpp"

#include "jsonrpc/json.hpp"

namespace gatehouse::mcp {

using jsonrpc::JsonView;

Result<ClientCapabilities> parse_client_capabilities(std::string_view raw) {
  const JsonView view = JsonView::of_proved(raw);
  if (!view.is_object()) return fail(Errc::invalid_argument, "client capabilities are no object");
  ClientCapabilities capabilities;
  capabilities.raw = view.raw();
  for (const jsonrpc::JsonMember& member : view.members()) {
    const bool known = member.is("elicitation") || member.is("sampling") || member.is("roots") ||
                       member.is("extensions") || member.is("experimental");
    if (!known) continue;
    if (!member.value.is_object()) {
      return fail(Errc::invalid_argument,
                  "client capability " + quote_remote(member.key()) + " is no object");
    }
    if (member.is("sampling")) capabilities.sampling = true;
    if (member.is("roots")) capabilities.roots = true;
    if (member.is("elicitation")) {
      capabilities.elicitation_url = member.value.find("url").has_value();
      capabilities.elicitation_form =
          member.value.find("form").has_value() || !capabilities.elicitation_url;
    }
  }
  return capabilities;
}

ClientCapabilities make_client_capabilities(bool elicitation_form, bool elicitation_url,
                                            bool sampling, bool roots) {
  ClientCapabilities made{elicitation_form, elicitation_url, sampling, roots, {}};
  std::string members;
  const auto add = [&members](std::string_view member) {
    if (!members.empty()) members += ',';
    members += member;
  };
  if (elicitation_form && elicitation_url) {
    add(R"("elicitation":{"form":{},"url":{}})");
  } else if (elicitation_form) {
    add(R"("elicitation":{"form":{}})");
  } else if (elicitation_url) {
    add(R"("elicitation":{"url":{}})");
  }
  if (sampling) add(R"("sampling":{})");
  if (roots) add(R"("roots":{})");
  made.raw = "{" + members + "}";
  return made;
}

bool allows(const ClientCapabilities& capabilities, std::string_view method,
            std::string_view params) {
  if (method == "sampling/createMessage") return capabilities.sampling;
  if (method == "roots/list") return capabilities.roots;
  if (method != "elicitation/create") return false;
  const auto mode = JsonView::of_proved(params).string("mode");
  return mode == "url" ? capabilities.elicitation_url : capabilities.elicitation_form;
}

}  // namespace gatehouse::mcp
