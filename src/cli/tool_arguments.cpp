#include "cli/tool_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/nearest.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"

namespace gatehouse::cli {
namespace {

using jsonrpc::JsonKind;
using jsonrpc::JsonView;

struct Property {
  bool known = false;
  std::vector<std::string> types;  // empty: any
  std::optional<JsonView> items;
  bool allows(std::string_view type) const { return std::ranges::find(types, type) != types.end(); }
};

std::vector<std::string> types_of(const JsonView& schema) {
  std::vector<std::string> types;
  if (const auto type = schema.find("type")) {
    if (const auto one = type->as_string()) types.push_back(*one);
    for (const JsonView element : type->elements()) {
      if (auto each = element.as_string()) types.push_back(std::move(*each));
    }
  }
  for (const std::string_view word : {"anyOf", "oneOf"}) {
    const auto choices = schema.find(word);
    if (!choices) continue;
    for (const JsonView choice : choices->elements()) {
      for (std::string& type : types_of(choice)) types.push_back(std::move(type));
    }
  }
  if (types.empty()) {
    // An enum or const of texts alone says "string" as well as a type does.
    if (const auto values = schema.find("enum"); values && values->size() > 0) {
      bool texts = true;
      for (const JsonView value : values->elements()) texts = texts && value.is_string();
      if (texts) types.emplace_back("string");
    } else if (const auto value = schema.find("const"); value && value->is_string()) {
      types.emplace_back("string");
    }
  }
  return types;
}

Property find_property(const JsonView& schema, const std::string& key) {
  Property property;
  const auto properties = schema.find("properties");
  const auto found = properties ? properties->find(key) : std::nullopt;
  if (!found) return property;
  property.known = true;
  property.types = types_of(*found);
  property.items = found->find("items");
  return property;
}

std::optional<std::string> as_json(std::string_view text) {
  const Result<JsonView> view = JsonView::parse(text, "the value");
  if (!view) return std::nullopt;
  std::string one_line;
  return jsonrpc::drop_line_breaks(view->raw(), one_line) ? one_line : std::string(view->raw());
}

std::string_view type_name(const JsonView& value) {
  return value.kind() == JsonKind::number && value.as_int() ? "integer"
                                                            : jsonrpc::to_string(value.kind());
}

bool fits(const JsonView& value, const Property& property) {
  if (property.types.empty()) return true;
  const std::string_view type = type_name(value);
  return property.allows(type) || (type == "integer" && property.allows("number"));
}

std::string joined(const std::vector<std::string>& types) {
  std::string out;
  for (const std::string& type : types) out += (out.empty() ? "" : " or ") + type;
  return out;
}

// The raw JSON of `text` for the property.
Result<std::string> typed(const std::string& key, const std::string& text,
                          const Property& property) {
  const std::optional<std::string> json = as_json(text);
  const bool is_text = property.allows("string");
  if (json && !JsonView::of_proved(*json).is_string()) {
    // "12" for a string stays text; for string or number it is the number.
    const bool only_text = is_text && property.types.size() == 1;
    if (!only_text && fits(JsonView::of_proved(*json), property)) return *json;
  }
  if (is_text || property.types.empty()) return jsonrpc::quote(text);
  return fail(Errc::invalid_argument, fmt::format("{}: {} is not of type {}", key,
                                                  quote_remote(text, 80), joined(property.types)));
}

struct Pair {
  std::string key;
  std::string text;
  bool is_json = false;
};

Result<Pair> split(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Errc::invalid_argument,
                fmt::format("{} is neither JSON nor key=value", quote_remote(word, 80)),
                "give the arguments as one JSON object, @file, - for standard input, or key=value");
  }
  Pair pair{word.substr(0, equals), word.substr(equals + 1), false};
  if (pair.key.size() > 1 && pair.key.back() == ':') {
    pair.key.pop_back();
    pair.is_json = true;
  }
  return pair;
}

Result<void> check_known(const JsonView& schema, const std::string& key) {
  const auto additional = schema.find("additionalProperties");
  if (!additional || additional->as_bool() != false) return {};
  std::vector<std::string> names;
  if (const auto properties = schema.find("properties")) {
    for (const jsonrpc::JsonMember& member : properties->members()) names.push_back(member.key());
  }
  return fail(Errc::invalid_argument,
              fmt::format("the tool has no argument \"{}\".{}", key, suggestion(key, names)));
}

struct Value {
  std::string key;
  std::vector<std::string> raws;
  bool collects = false;  // elements of an array
};

Result<void> add_value(const JsonView& schema, const Pair& pair, std::vector<Value>& values) {
  const Property property = find_property(schema, pair.key);
  if (!property.known) {
    if (const Result<void> known = check_known(schema, pair.key); !known) return known;
  }
  const auto earlier = std::ranges::find(values, pair.key, &Value::key);
  const bool is_array = property.types == std::vector<std::string>{"array"};
  const std::optional<std::string> json = as_json(pair.text);
  const bool collects =
      is_array && !pair.is_json && !(json && JsonView::of_proved(*json).is_array());
  if (earlier != values.end() && !(collects && earlier->collects)) {
    return fail(Errc::invalid_argument, fmt::format("{} is given twice", pair.key));
  }
  Result<std::string> raw = std::string();
  if (pair.is_json) {
    if (!json) {
      return fail(Errc::invalid_argument, fmt::format("{}: what follows := is not JSON", pair.key));
    }
    raw = *json;
  } else if (collects) {
    Property element;
    if (property.items) element.types = types_of(*property.items);
    raw = typed(pair.key, pair.text, element);
  } else {
    raw = typed(pair.key, pair.text, property);
  }
  if (!raw) return std::unexpected(raw.error());
  if (earlier != values.end()) {
    earlier->raws.push_back(std::move(*raw));
  } else {
    values.push_back({pair.key, {std::move(*raw)}, collects});
  }
  return {};
}

}  // namespace

Result<std::string> make_arguments(std::string_view raw_schema,
                                   const std::vector<std::string>& pairs) {
  const JsonView schema = JsonView::of_proved(raw_schema.empty() ? "{}" : raw_schema);
  std::vector<Value> values;
  for (const std::string& word : pairs) {
    const Result<Pair> pair = split(word);
    if (!pair) return std::unexpected(pair.error());
    if (const Result<void> added = add_value(schema, *pair, values); !added)
      return std::unexpected(added.error());
  }
  std::string out = "{";
  for (const Value& value : values) {
    if (out.size() > 1) out += ',';
    jsonrpc::append_quoted(out, value.key);
    out += ':';
    if (!value.collects) {
      out += value.raws.front();
      continue;
    }
    out += '[';
    for (const std::string& raw : value.raws) out += (out.back() == '[' ? "" : ",") + raw;
    out += ']';
  }
  return out + "}";
}

Result<std::string> parse_arguments(std::string_view text, std::string_view source) {
  const Result<JsonView> view = JsonView::parse(text, source);
  if (!view) return fail(Errc::invalid_argument, view.error().detail);
  if (!view->is_object()) {
    return fail(Errc::invalid_argument,
                fmt::format("{} must be a JSON object, is {}", source, to_string(view->kind())));
  }
  std::string one_line;
  return jsonrpc::drop_line_breaks(view->raw(), one_line) ? one_line : std::string(view->raw());
}

}  // namespace gatehouse::cli
