#include "gateway/questions.hpp"

#include <fmt/format.h>

#include <array>

#include "base/random.hpp"
#include "gateway/uri_rewriter.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"

namespace gatehouse::gateway {
namespace {

using jsonrpc::JsonView;

const mcp::ClientCapabilities& without_extensions(const mcp::ClientCapabilities& declared) {
  static const std::array<mcp::ClientCapabilities, 16> kAll = [] {
    std::array<mcp::ClientCapabilities, 16> all;
    for (unsigned bits = 0; bits < all.size(); ++bits) {
      all[bits] = mcp::make_client_capabilities((bits & 1U) != 0, (bits & 2U) != 0,
                                                (bits & 4U) != 0, (bits & 8U) != 0);
    }
    return all;
  }();
  const unsigned bits = (declared.elicitation_form ? 1U : 0U) |
                        (declared.elicitation_url ? 2U : 0U) | (declared.sampling ? 4U : 0U) |
                        (declared.roots ? 8U : 0U);
  return kAll[bits];
}

}  // namespace

const mcp::ClientCapabilities& relayed_capabilities(const mcp_server::Call& call,
                                                    Front::Extras extensions) {
  static const mcp::ClientCapabilities kNone;
  // A legacy client whose transport carries no requests cannot do what it declared.
  if (call.era() == mcp::Era::legacy && !call.can_ask()) return kNone;
  return extensions == Front::Extras::pass ? call.capabilities()
                                           : without_extensions(call.capabilities());
}

std::string shown_params(std::string_view method, std::string_view params,
                         std::string_view connection, Front::Questions questions) {
  const bool named = questions == Front::Questions::with_connection_name;
  if (!named || method != "elicitation/create") return std::string(params);
  const std::string message = JsonView::of_proved(params).string("message").value_or("");
  return replace_member(params, "message",
                        jsonrpc::quote(fmt::format("{} asks: {}", connection, message)));
}

Task<Result<std::string>> DirectQuestions::answer(std::string_view method,
                                                  std::string_view params) {
  if (call_.era() == mcp::Era::modern) {
    co_return fail(Errc::unsupported, "the server asks in an era that it did not have before");
  }
  if (!mcp::allows(capabilities(), method, params)) {
    co_return fail(Errc::unsupported,
                   fmt::format("the client cannot answer {}", quote_remote(method, 60)));
  }
  std::string shown = shown_params(method, params, connection_, manners_.questions);
  const JsonView view = JsonView::of_proved(shown);
  const auto mode = view.find("mode");
  const bool url = method == "elicitation/create" && mode && mode->equals("url");
  std::string id;
  if (url && !view.find("elicitationId")) {
    id = random_token(16);
    shown.insert(shown.rfind('}'), ",\"elicitationId\":" + jsonrpc::quote(id));
  }
  auto answered = co_await call_.ask(method, shown);
  if (answered && !id.empty()) {
    const auto answer = JsonView::parse(*answered, "the elicitation response");
    if (answer && answer->string("action") == "accept") accepted_.push_back(std::move(id));
  }
  co_return answered;
}

void DirectQuestions::tell_completed() {
  for (const std::string& id : accepted_) {
    call_.post("notifications/elicitation/complete",
               "{\"elicitationId\":" + jsonrpc::quote(id) + "}");
  }
  accepted_.clear();
}

}  // namespace gatehouse::gateway
