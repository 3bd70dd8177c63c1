// The resources and the one template.
#include <array>

#include "fixture_server/fixture.hpp"
#include "mcp/error_codes.hpp"

namespace gatehouse::fixture {
namespace {

struct Resource {
  std::string_view uri;
  std::string_view mime_type;
  std::string_view content;  ///< a member of ReadResourceResult.contents
};

constexpr std::array<Resource, 3> kResources{{
    {"test://static-text", "text/plain",
     R"("text":"This is the content of the static text resource.")"},
    {"test://static-binary", "image/png", ""},
    {"test://watched-resource", "text/plain", R"("text":"Watched resource content")"},
}};

constexpr std::string_view kTemplateStart = "test://template/";
constexpr std::string_view kTemplateEnd = "/data";

/// What {id} stands for; nothing when the URI is not of the template.
std::optional<std::string_view> template_id(std::string_view uri) {
  if (!uri.starts_with(kTemplateStart) || !uri.ends_with(kTemplateEnd)) return std::nullopt;
  if (uri.size() <= kTemplateStart.size() + kTemplateEnd.size()) return std::nullopt;
  const std::string_view id =
      uri.substr(kTemplateStart.size(), uri.size() - kTemplateStart.size() - kTemplateEnd.size());
  return id.find('/') == std::string_view::npos ? std::optional(id) : std::nullopt;
}

Reply contents(std::string_view uri, std::string_view mime_type, std::string_view content) {
  return result(fmt::format(R"("contents":[{{"uri":{},"mimeType":"{}",{}}}])", jsonrpc::quote(uri),
                            mime_type, content));
}

}  // namespace

std::string_view resource_list() {
  return R"("resources":[)"
         R"({"uri":"test://static-text","name":"static-text","title":"Static Text Resource",)"
         R"("description":"A static text resource for testing","mimeType":"text/plain"},)"
         R"({"uri":"test://static-binary","name":"static-binary","title":"Static Binary Resource",)"
         R"("description":"A static image for testing","mimeType":"image/png"},)"
         R"({"uri":"test://watched-resource","name":"watched-resource","title":"Watched Resource",)"
         R"("description":"A resource that can be subscribed to","mimeType":"text/plain"}])";
}

std::string_view resource_templates() {
  return R"("resourceTemplates":[{"uriTemplate":"test://template/{id}/data","name":"template",)"
         R"("title":"Resource Template","description":"A resource with a parameter",)"
         R"("mimeType":"application/json"}])";
}

bool is_resource(std::string_view uri) {
  for (const Resource& resource : kResources) {
    if (resource.uri == uri) return true;
  }
  return template_id(uri).has_value();
}

Reply read_resource(const Call& call) {
  const std::string uri = JsonView::of_proved(call.params()).string("uri").value_or("");
  for (const Resource& resource : kResources) {
    if (resource.uri != uri) continue;
    const std::string blob = fmt::format(R"("blob":"{}")", kRedPixel);
    return contents(uri, resource.mime_type, resource.content.empty() ? blob : resource.content);
  }
  if (const auto id = template_id(uri)) {
    const std::string data =
        fmt::format(R"({{"id":{},"templateTest":true,"data":{}}})", jsonrpc::quote(*id),
                    jsonrpc::quote("Data for ID: " + std::string(*id)));
    return contents(uri, "application/json", R"("text":)" + jsonrpc::quote(data));
  }
  const int code = call.era() == mcp::Era::modern ? -32602 : mcp::kLegacyResourceNotFound;
  return failure(code, "Resource not found", fmt::format(R"({{"uri":{}}})", jsonrpc::quote(uri)));
}

}  // namespace gatehouse::fixture
