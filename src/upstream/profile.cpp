#include "upstream/profile.hpp"

#include <algorithm>
#include <array>

#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"

namespace gatehouse::upstream {
namespace {

using jsonrpc::JsonView;

constexpr std::size_t kExtensionBytes = 2048;  // of what is declared; more is left out
constexpr std::string_view kTasks = "io.modelcontextprotocol/tasks";  // no legacy server has them

void add(std::string& object, std::string_view key, std::string_view value) {
  if (object.size() > 1) object += ',';
  object.append("\"").append(key).append("\":").append(value);
}

/// Which kinds of sampling; servers before 2025-11-25 do not look.
std::string sampling_of(const JsonView& declared) {
  std::string out = "{";
  const auto sampling = declared.find("sampling");
  for (const std::string_view kind : {"context", "tools"}) {
    if (sampling && sampling->find(kind)) add(out, kind, "{}");
  }
  return out + "}";
}

std::string extensions_of(const JsonView& declared) {
  std::string out = "{";
  const auto extensions = declared.find("extensions");
  if (!extensions || extensions->raw().size() > kExtensionBytes) return "{}";
  for (const jsonrpc::JsonMember& member : extensions->members()) {
    if (!member.is(kTasks)) add(out, member.raw_key, member.value.raw());
  }
  return out + "}";
}

}  // namespace

mcp::ClientCapabilities relayed_capabilities(const mcp::Request& request,
                                             const mcp_client::Interaction* interaction,
                                             Roots roots) {
  mcp::ClientCapabilities out;
  if (request.capabilities == nullptr && interaction == nullptr) return out;
  const mcp::ClientCapabilities& declared =
      request.capabilities != nullptr ? *request.capabilities : interaction->capabilities();
  if (interaction != nullptr) {
    const mcp::ClientCapabilities& can = interaction->capabilities();
    out.elicitation_form = declared.elicitation_form && can.elicitation_form;
    out.elicitation_url = declared.elicitation_url && can.elicitation_url;
    out.sampling = declared.sampling && can.sampling;
    out.roots = declared.roots && can.roots && roots == Roots::of_requester;
  }
  const JsonView view = JsonView::of_proved(declared.raw);
  const std::string elicitation =
      mcp::make_client_capabilities(out.elicitation_form, out.elicitation_url).raw;
  out.raw.assign(elicitation, 0, elicitation.size() - 1);
  if (out.sampling) add(out.raw, "sampling", sampling_of(view));
  if (out.roots) add(out.raw, "roots", "{}");
  if (const std::string extensions = extensions_of(view); extensions.size() > 2) {
    add(out.raw, "extensions", extensions);
  }
  out.raw += '}';
  return out;
}

std::string_view lower_level(std::string_view a, std::string_view b) {
  static constexpr std::array<std::string_view, 8> kLevels{
      "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};
  const auto rank = [](std::string_view level) { return std::ranges::find(kLevels, level); };
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return rank(b) < rank(a) ? b : a;
}

}  // namespace gatehouse::upstream
