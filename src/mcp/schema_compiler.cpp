// Compiling a JSON Schema: every subschema becomes a node, references become indices. Network
// references are refused, never fetched (B-10).
#include <fmt/format.h>

#include <array>
#include <map>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/schema_program.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonKind;
using jsonrpc::JsonMember;
using jsonrpc::JsonView;
using Index = SchemaNode::Index;

constexpr std::size_t kSubschemas = 5000;  // of one tool
constexpr std::size_t kUnchecked = 20;     // notes kept

constexpr std::array<std::string_view, 6> kDialects{
    "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft-07/schema",      "http://json-schema.org/draft-06/schema"};

class SchemaCompiler final {
 public:
  SchemaCompiler(JsonView root, std::vector<SchemaNode>& nodes, std::vector<std::string>& unchecked)
      : root_(root), nodes_(nodes), unchecked_(unchecked) {}

  Result<void> run() {
    if (auto dialect = root_.string("$schema")) {
      if (dialect->ends_with('#')) dialect->pop_back();
      if (std::ranges::find(kDialects, *dialect) == kDialects.end()) {
        return fail(Errc::unsupported, fmt::format("the schema's dialect {} is not supported",
                                                   quote_remote(*dialect)));
      }
    }
    root_id_ = root_.string("$id").value_or("");
    find_anchors(root_, 0);
    compile(root_, 0);
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  void refuse(Errc code, std::string detail) {
    if (!error_) error_ = Error{code, std::move(detail), {}};
  }

  /// $anchor and $id of every object in the document; a name inside of an enum does no harm.
  void find_anchors(const JsonView& view, int depth) {
    if (depth > limits::kJsonDepth) return;
    if (view.is_object()) {
      for (const JsonMember& member : view.members()) {
        if (member.value.is_string()) {
          const std::string text = *member.value.as_string();
          if (member.is("$anchor") || member.is("$dynamicAnchor"))
            anchors_.emplace("#" + text, view);
          if (member.is("$id") && depth > 0) anchors_.emplace(text, view);
        } else {
          find_anchors(member.value, depth + 1);
        }
      }
    }
    for (const JsonView& element : view.elements()) find_anchors(element, depth + 1);
  }

  Index compile(const JsonView& view, int depth) {
    if (const auto known = compiled_.find(view.raw().data()); known != compiled_.end()) {
      return known->second;
    }
    const auto index = static_cast<Index>(nodes_.size());
    if (nodes_.size() >= kSubschemas || depth > 4 * limits::kJsonDepth) {
      refuse(Errc::too_large, "the schema has too many or too deeply nested subschemas");
    }
    if (error_) return 0;
    nodes_.emplace_back();
    compiled_.emplace(view.raw().data(), index);
    SchemaNode node;
    if (view.kind() == JsonKind::boolean) {
      node.never = view.raw() == "false";
    } else if (view.is_object()) {
      for (const JsonMember& member : view.members()) keyword(node, member, depth);
    } else {
      refuse(Errc::invalid_argument, fmt::format("a subschema is a {}", to_string(view.kind())));
    }
    nodes_[index] = std::move(node);
    return index;
  }

  Index sub(const JsonView& view, int depth) { return compile(view, depth + 1); }

  std::vector<Index> list(const JsonView& view, int depth) {
    std::vector<Index> indices;
    for (const JsonView& element : view.elements()) indices.push_back(sub(element, depth));
    return indices;
  }

  static std::optional<std::size_t> count(const JsonView& view) {
    const auto value = view.as_int();
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::size_t>(*value);
  }

  static std::vector<std::string> names(const JsonView& view) {
    std::vector<std::string> out;
    for (const JsonView& element : view.elements()) {
      if (auto name = element.as_string()) out.push_back(std::move(*name));
    }
    return out;
  }

  void keyword(SchemaNode& node, const JsonMember& member, int depth) {
    const std::string name = member.key();
    const JsonView& value = member.value;
    if (object_keyword(node, name, value, depth) || array_keyword(node, name, value, depth) ||
        scalar_keyword(node, name, value)) {
      return;
    }
    if (name == "$ref" || name == "$dynamicRef" || name == "$recursiveRef") {
      node.ref = reference(value.as_string().value_or(""), depth);
    } else if (name == "allOf") {
      node.all_of = list(value, depth);
    } else if (name == "anyOf") {
      node.any_of = list(value, depth);
    } else if (name == "oneOf") {
      node.one_of = list(value, depth);
    } else if (name == "not") {
      node.not_ = sub(value, depth);
    } else if (name == "if") {
      node.if_ = sub(value, depth);
    } else if (name == "then") {
      node.then_ = sub(value, depth);
    } else if (name == "else") {
      node.else_ = sub(value, depth);
    }
  }

  bool object_keyword(SchemaNode& node, std::string_view name, const JsonView& value, int depth) {
    if (name == "properties") {
      for (const JsonMember& member : value.members()) {
        node.properties.emplace_back(member.key(), sub(member.value, depth));
      }
    } else if (name == "patternProperties") {
      for (const JsonMember& member : value.members()) {
        auto pattern = Pattern::compile(member.key());
        if (!pattern) {
          note(fmt::format("patternProperties {}", quote_remote(member.key(), 80)));
          continue;
        }
        node.pattern_properties.emplace_back(std::move(*pattern), sub(member.value, depth));
      }
    } else if (name == "additionalProperties") {
      node.additional_properties = sub(value, depth);
    } else if (name == "unevaluatedProperties") {
      node.unevaluated_properties = sub(value, depth);
    } else if (name == "propertyNames") {
      node.property_names = sub(value, depth);
    } else if (name == "required") {
      node.required = names(value);
    } else if (name == "dependentRequired" || name == "dependentSchemas" ||
               name == "dependencies") {
      for (const JsonMember& member : value.members()) {
        if (member.value.is_array()) {
          node.dependent_required.emplace_back(member.key(), names(member.value));
        } else {
          node.dependent_schemas.emplace_back(member.key(), sub(member.value, depth));
        }
      }
    } else if (name == "minProperties") {
      node.min_properties = count(value);
    } else if (name == "maxProperties") {
      node.max_properties = count(value);
    } else {
      return false;
    }
    return true;
  }

  bool array_keyword(SchemaNode& node, std::string_view name, const JsonView& value, int depth) {
    if (name == "prefixItems" || (name == "items" && value.is_array())) {
      node.prefix_items = list(value, depth);
    } else if (name == "items" || name == "additionalItems") {
      node.items = sub(value, depth);
    } else if (name == "contains") {
      node.contains = sub(value, depth);
    } else if (name == "unevaluatedItems") {
      node.unevaluated_items = sub(value, depth);
    } else if (name == "minItems") {
      node.min_items = count(value);
    } else if (name == "maxItems") {
      node.max_items = count(value);
    } else if (name == "minContains") {
      node.min_contains = count(value);
    } else if (name == "maxContains") {
      node.max_contains = count(value);
    } else if (name == "uniqueItems") {
      node.unique_items = value.as_bool().value_or(false);
    } else {
      return false;
    }
    return true;
  }

  bool scalar_keyword(SchemaNode& node, std::string_view name, const JsonView& value) {
    if (name == "type") {
      read_types(node, value);
    } else if (name == "enum") {
      for (const JsonView& element : value.elements()) allow(node, element);
      node.has_allowed = value.is_array();
    } else if (name == "const") {
      // With an enum beside it, const is the narrower of the two.
      node.allowed.clear();
      allow(node, value);
      node.has_allowed = true;
    } else if (name == "minimum") {
      node.minimum = value.as_double();
    } else if (name == "maximum") {
      node.maximum = value.as_double();
    } else if (name == "exclusiveMinimum") {
      node.exclusive_minimum = value.as_double();
    } else if (name == "exclusiveMaximum") {
      node.exclusive_maximum = value.as_double();
    } else if (name == "multipleOf") {
      node.multiple_of = value.as_double();
      if (node.multiple_of && !(*node.multiple_of > 0)) node.multiple_of.reset();
    } else if (name == "minLength") {
      node.min_length = count(value);
    } else if (name == "maxLength") {
      node.max_length = count(value);
    } else if (name == "pattern") {
      node.pattern_text = value.as_string().value_or("");
      node.pattern = Pattern::compile(node.pattern_text);
      if (!node.pattern) note(fmt::format("pattern {}", quote_remote(node.pattern_text, 80)));
    } else if (name == "format") {
      node.format = value.as_string().value_or("");
    } else {
      return false;
    }
    return true;
  }

  static void allow(SchemaNode& node, const JsonView& value) {
    node.allowed.push_back(std::make_unique<JsonTree>(value.raw()));
  }

  void read_types(SchemaNode& node, const JsonView& value) {
    const auto add = [&](const JsonView& name) {
      static constexpr std::array kKinds{JsonKind::null,   JsonKind::boolean, JsonKind::number,
                                         JsonKind::string, JsonKind::array,   JsonKind::object};
      if (name.equals("integer")) node.types |= SchemaNode::kInteger;
      for (const JsonKind kind : kKinds) {
        if (name.equals(to_string(kind))) node.types |= 1 << static_cast<int>(kind);
      }
    };
    add(value);
    for (const JsonView& element : value.elements()) add(element);
    if (node.types == 0) {
      refuse(Errc::invalid_argument,
             fmt::format("the schema has a type {}", quote_remote(value.raw(), 60)));
    }
  }

  Index reference(std::string target, int depth) {
    if (!root_id_.empty() && target.starts_with(root_id_)) target.erase(0, root_id_.size());
    if (target.empty() || target == "#") return compile(root_, depth + 1);
    if (const auto anchor = anchors_.find(target); anchor != anchors_.end()) {
      return compile(anchor->second, depth + 1);
    }
    if (target.starts_with("#/")) {
      if (const auto found = walk(std::string_view(target).substr(2))) {
        return compile(*found, depth + 1);
      }
      refuse(Errc::invalid_argument,
             fmt::format("the schema's $ref {} leads nowhere", quote_remote(target)));
      return 0;
    }
    refuse(Errc::invalid_argument,
           fmt::format("the schema's $ref {} is not inside of the schema; references are never "
                       "fetched",
                       quote_remote(target)));
    return 0;
  }

  /// RFC 6901, percent-encoded as in a fragment.
  std::optional<JsonView> walk(std::string_view pointer) const {
    JsonView view = root_;
    while (true) {
      const std::size_t slash = pointer.find('/');
      auto token = percent_decode(pointer.substr(0, slash));
      if (!token) return std::nullopt;
      for (std::size_t at = token->find('~'); at != std::string::npos;
           at = token->find('~', at + 1)) {
        const bool is_slash = token->compare(at, 2, "~1") == 0;
        token->replace(at, 2, is_slash ? "/" : "~");
      }
      std::optional<JsonView> next = view.find(*token);
      if (view.is_array()) {
        std::size_t index = 0;
        for (const JsonView& element : view.elements()) {
          if (std::to_string(index++) == *token) next = element;
        }
      }
      if (!next) return std::nullopt;
      view = *next;
      if (slash == std::string_view::npos) return view;
      pointer.remove_prefix(slash + 1);
    }
  }

  void note(std::string what) {
    if (unchecked_.size() < kUnchecked) unchecked_.push_back(std::move(what));
  }

  JsonView root_;
  std::vector<SchemaNode>& nodes_;
  std::vector<std::string>& unchecked_;
  std::string root_id_;
  std::map<std::string, JsonView, std::less<>> anchors_;
  std::map<const char*, Index> compiled_;  // by place, so that references find what exists
  std::optional<Error> error_;
};

}  // namespace

Result<void> compile_schema(std::string source, std::string& kept_source,
                            std::vector<SchemaNode>& nodes, std::vector<std::string>& unchecked) {
  kept_source = std::move(source);
  return SchemaCompiler(JsonView::of_proved(kept_source), nodes, unchecked).run();
}

}  // namespace gatehouse::mcp
