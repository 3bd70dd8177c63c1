#include "mcp/param_headers.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "http/message.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonKind;
using jsonrpc::JsonMember;
using jsonrpc::JsonView;

constexpr std::size_t kMirrored = 64;  // parameters of one tool; a request has room for so many
constexpr std::string_view kSentinelOpen = "=?base64?";
constexpr std::string_view kSentinelClose = "?=";

bool looks_like_sentinel(std::string_view value) {
  return value.size() >= kSentinelOpen.size() + kSentinelClose.size() &&
         value.starts_with(kSentinelOpen) && value.ends_with(kSentinelClose);
}

bool is_plain(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (value.empty()) return true;
  if (blank(value.front()) || blank(value.back())) return false;
  return std::ranges::all_of(value, [&](char c) { return blank(c) || (c > 0x20 && c < 0x7F); });
}

/// Collects the annotations of a schema and checks the rules of H-6.
class PlanReader final {
 public:
  Result<HeaderPlan> read(const JsonView& root) {
    if (root.is_object()) schema(root, Reach::root);
    if (!problem_.empty()) return fail(Errc::invalid_argument, problem_);
    return std::move(plan_);
  }

 private:
  enum class Reach { root, property, elsewhere };

  void schema(const JsonView& view, Reach reach) {
    if (!view.is_object() || !problem_.empty()) return;
    for (const JsonMember& member : view.members()) {
      if (member.is("x-mcp-header")) {
        annotation(view, member.value, reach);
      } else if (member.is("properties")) {
        properties(member.value, reach);
      } else if (holds_schemas_by_name(member)) {
        for (const JsonMember& child : member.value.members())
          schema(child.value, Reach::elsewhere);
      } else if (holds_schemas(member)) {
        schema(member.value, Reach::elsewhere);
        for (const JsonView& child : member.value.elements()) schema(child, Reach::elsewhere);
      }
    }
  }

  void properties(const JsonView& view, Reach reach) {
    const Reach inner = reach == Reach::elsewhere ? Reach::elsewhere : Reach::property;
    for (const JsonMember& child : view.members()) {
      path_.push_back(child.key());
      schema(child.value, inner);
      path_.pop_back();
    }
  }

  static bool holds_schemas_by_name(const JsonMember& member) {
    return member.is("$defs") || member.is("definitions") || member.is("patternProperties") ||
           member.is("dependentSchemas");
  }

  static bool holds_schemas(const JsonMember& member) {
    static constexpr std::array<std::string_view, 16> kKeywords{"items",
                                                                "prefixItems",
                                                                "additionalItems",
                                                                "contains",
                                                                "additionalProperties",
                                                                "propertyNames",
                                                                "unevaluatedItems",
                                                                "unevaluatedProperties",
                                                                "oneOf",
                                                                "anyOf",
                                                                "allOf",
                                                                "not",
                                                                "if",
                                                                "then",
                                                                "else",
                                                                "contentSchema"};
    return std::ranges::any_of(kKeywords, [&](std::string_view word) { return member.is(word); });
  }

  void annotation(const JsonView& holder, const JsonView& value, Reach reach) {
    const auto name = value.as_string();
    if (!name) return refuse("x-mcp-header is no string");
    if (name->empty()) return refuse("x-mcp-header is empty");
    if (!http::is_token(*name)) {
      return refuse(fmt::format("x-mcp-header {} is no legal header name", quote_remote(*name)));
    }
    if (reach != Reach::property) {
      return refuse(fmt::format("x-mcp-header {} stands where `properties` alone does not lead",
                                quote_remote(*name)));
    }
    const auto type = holder.string("type").value_or("");
    HeaderPlan::Parameter parameter{path_, std::string(kHeaderParamPrefix) + *name, {}};
    if (type == "string") {
      parameter.type = HeaderPlan::Type::string;
    } else if (type == "integer") {
      parameter.type = HeaderPlan::Type::integer;
    } else if (type == "boolean") {
      parameter.type = HeaderPlan::Type::boolean;
    } else {
      return refuse(fmt::format(
          "x-mcp-header {} is on a parameter whose type is not string, integer or boolean",
          quote_remote(*name)));
    }
    if (plan_.parameters.size() >= kMirrored) {
      return refuse(fmt::format("more than {} parameters have x-mcp-header", kMirrored));
    }
    for (const HeaderPlan::Parameter& other : plan_.parameters) {
      if (ascii_iequal(other.header, parameter.header)) {
        return refuse(fmt::format("x-mcp-header {} occurs twice", quote_remote(*name)));
      }
    }
    plan_.parameters.push_back(std::move(parameter));
  }

  void refuse(std::string why) {
    if (problem_.empty()) problem_ = std::move(why);
  }

  HeaderPlan plan_;
  std::vector<std::string> path_;
  std::string problem_;
};

std::optional<JsonView> walk(JsonView view, const std::vector<std::string>& path) {
  for (const std::string& name : path) {
    const auto member = view.find(name);
    if (!member) return std::nullopt;
    view = *member;
  }
  return view;
}

/// The value as header text before encoding; nothing for what has none.
std::optional<std::string> header_text(const JsonView& value) {
  switch (value.kind()) {
    case JsonKind::string:
      return value.as_string();
    case JsonKind::boolean:
      return std::string(value.raw());
    case JsonKind::number: {
      const auto integer = value.as_int();
      return integer ? std::to_string(*integer) : std::string(value.raw());
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string encode_header_value(std::string_view value) {
  if (is_plain(value) && !looks_like_sentinel(value)) return std::string(value);
  return fmt::format("{}{}{}", kSentinelOpen, base64_encode(value), kSentinelClose);
}

Result<std::string> decode_header_value(std::string_view value) {
  value = trim_ows(value);
  if (!looks_like_sentinel(value)) return std::string(value);
  value.remove_prefix(kSentinelOpen.size());
  value.remove_suffix(kSentinelClose.size());
  auto decoded = base64_decode(value);
  if (!decoded) return fail(Errc::protocol, "a header's base64 value is malformed");
  if (!is_utf8(*decoded)) return fail(Errc::protocol, "a header's base64 value is not UTF-8");
  return std::move(*decoded);
}

Result<HeaderPlan> parse_header_plan(std::string_view raw_input_schema) {
  // Nearly every schema has none: one search spares the walk.
  if (raw_input_schema.find("x-mcp-header") == std::string_view::npos &&
      raw_input_schema.find('\\') == std::string_view::npos) {
    return HeaderPlan{};
  }
  return PlanReader().read(JsonView::of_proved(raw_input_schema));
}

std::vector<ParamHeader> make_param_headers(const HeaderPlan& plan, std::string_view arguments) {
  std::vector<ParamHeader> headers;
  if (plan.empty() || arguments.empty()) return headers;
  const JsonView root = JsonView::of_proved(arguments);
  for (const HeaderPlan::Parameter& parameter : plan.parameters) {
    const auto value = walk(root, parameter.path);
    if (!value) continue;
    if (const auto text = header_text(*value)) {
      headers.push_back({parameter.header, encode_header_value(*text)});
    }
  }
  return headers;
}

std::string_view find_argument(const HeaderPlan::Parameter& parameter, std::string_view arguments) {
  if (arguments.empty()) return {};
  const auto value = walk(JsonView::of_proved(arguments), parameter.path);
  if (!value || value->is_null() || value->is_object() || value->is_array()) return {};
  return value->raw();
}

bool header_matches(std::string_view header_value, std::string_view raw_value) {
  const auto decoded = decode_header_value(header_value);
  if (!decoded) return false;
  const JsonView value = JsonView::of_proved(raw_value);
  if (value.is_string()) return value.equals(*decoded);
  if (value.kind() == JsonKind::boolean) return value.raw() == *decoded;
  if (value.kind() != JsonKind::number) return false;
  const auto number = JsonView::parse(*decoded);
  if (!number || number->kind() != JsonKind::number) return false;
  if (const auto a = value.as_int(), b = number->as_int(); a || b) return a == b;
  return value.as_double() == number->as_double();
}

}  // namespace gatehouse::mcp
