// The parts of a capability that are read from JSON. Boost.JSON, with its own depth limit, is
// enough here: a schema is read once per catalog change, never on the path of a call.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "catalog/capability.hpp"

namespace gatehouse::catalog {
namespace {

namespace json = boost::json;

constexpr std::size_t max_parse_depth = 64;
constexpr std::size_t max_enum_words = 32;

json::value parse_leniently(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_parse_depth;
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  return error ? json::value{} : value;
}

const json::object* find_object(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value ? value->if_object() : nullptr;
}

bool is_true(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_bool() && value->get_bool();
}

// Walks properties, array items and the alternatives of anyOf, oneOf and allOf.
class ParameterCollector {
 public:
  explicit ParameterCollector(const SchemaTextLimits& limits) : limits_{limits} {}

  std::vector<ParameterText> take() { return std::move(found_); }

  void collect(const json::object& schema, std::size_t depth) {
    if (depth >= limits_.max_depth) return;
    if (const json::object* properties = find_object(schema, "properties")) {
      for (const auto& [name, property] : *properties) {
        if (found_.size() >= limits_.max_parameters) return;
        add({name.data(), name.size()}, property);
      }
      for (const auto& [name, property] : *properties) {
        if (const json::object* nested = property.if_object()) collect(*nested, depth + 1);
      }
    }
    if (const json::object* items = find_object(schema, "items")) collect(*items, depth + 1);
    for (std::string_view key : {"anyOf", "oneOf", "allOf"})
      collect_alternatives(schema, key, depth);
  }

 private:
  void collect_alternatives(const json::object& schema, std::string_view key, std::size_t depth) {
    const json::value* list = schema.if_contains({key.data(), key.size()});
    if (!list || !list->is_array()) return;
    for (const json::value& alternative : list->get_array()) {
      if (found_.size() >= limits_.max_parameters) return;
      if (const json::object* nested = alternative.if_object()) collect(*nested, depth + 1);
    }
  }

  void add(std::string_view name, const json::value& property) {
    ParameterText text{std::string{name.substr(0, limits_.max_text_bytes)}, {}};
    if (const json::object* object = property.if_object()) {
      append_string(text.description, object->if_contains("title"));
      append_string(text.description, object->if_contains("description"));
      const json::value* choices = object->if_contains("enum");
      if (choices && choices->is_array()) {
        std::size_t words = 0;
        for (const json::value& choice : choices->get_array()) {
          if (words++ == max_enum_words) break;
          append_string(text.description, &choice);
        }
      }
    }
    found_.push_back(std::move(text));
  }

  void append_string(std::string& text, const json::value* value) const {
    if (!value || !value->is_string() || text.size() >= limits_.max_text_bytes) return;
    std::string_view more{value->get_string().data(), value->get_string().size()};
    if (!text.empty()) text += '\n';
    text += more.substr(0, limits_.max_text_bytes - std::min(text.size(), limits_.max_text_bytes));
  }

  const SchemaTextLimits& limits_;
  std::vector<ParameterText> found_;
};

}  // namespace

Risk risk_of_annotations(std::string_view annotations_json) {
  if (annotations_json.empty()) return Risk::write;
  const json::value value = parse_leniently(annotations_json);
  const json::object* annotations = value.if_object();
  if (!annotations) return Risk::write;
  if (is_true(*annotations, "readOnlyHint")) return Risk::read;
  if (is_true(*annotations, "destructiveHint")) return Risk::destructive;
  return Risk::write;
}

std::vector<ParameterText> find_parameter_texts(std::string_view input_schema,
                                                const SchemaTextLimits& limits) {
  if (input_schema.empty() || input_schema.size() > limits.max_bytes) return {};
  const json::value value = parse_leniently(input_schema);
  ParameterCollector collector{limits};
  if (const json::object* schema = value.if_object()) collector.collect(*schema, 0);
  return collector.take();
}

}  // namespace gatehouse::catalog
