#include "mcp/elicitation.hpp"

#include "jsonrpc/json.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;
using Options = std::vector<std::pair<std::string, std::string>>;

/// [{"const":…,"title":…}, …]
Options titled_options(const JsonView& list) {
  Options options;
  for (const JsonView& option : list.elements()) {
    const auto value = option.string("const");
    if (value) options.emplace_back(*value, option.string("title").value_or(*value));
  }
  return options;
}

/// "enum", with titles from the older "enumNames" where given.
Options plain_options(const JsonView& schema) {
  Options options;
  const auto values = schema.find("enum");
  if (!values) return options;
  for (const JsonView& value : values->elements()) {
    if (const auto text = value.as_string()) options.emplace_back(*text, *text);
  }
  std::size_t index = 0;
  if (const auto names = schema.find("enumNames")) {
    for (const JsonView& name : names->elements()) {
      if (index < options.size()) options[index++].second = name.as_string().value_or("");
    }
  }
  return options;
}

Options options_of(const JsonView& schema, std::string_view titled) {
  const auto list = schema.find(titled);
  return list ? titled_options(*list) : plain_options(schema);
}

ElicitationField read_field(const JsonMember& member) {
  using Type = ElicitationField::Type;
  const JsonView& schema = member.value;
  ElicitationField field;
  field.name = member.key();
  field.schema = schema.raw();
  field.title = schema.string("title").value_or("");
  field.description = schema.string("description").value_or("");
  field.format = schema.string("format").value_or("");
  if (const auto value = schema.find("default")) field.default_value = value->raw();
  const std::string type = schema.string("type").value_or("string");
  if (type == "boolean") {
    field.type = Type::boolean;
  } else if (type == "integer") {
    field.type = Type::integer;
  } else if (type == "number") {
    field.type = Type::number;
  } else if (type == "array") {
    field.type = Type::choices;
    if (const auto items = schema.find("items")) field.options = options_of(*items, "anyOf");
  } else {
    field.options = options_of(schema, "oneOf");
    field.type = field.options.empty() ? Type::string : Type::choice;
  }
  return field;
}

}  // namespace

Result<Elicitation> parse_elicitation(std::string_view raw_params) {
  const JsonView params = JsonView::of_proved(raw_params);
  Elicitation elicitation;
  elicitation.message = params.string("message").value_or("");
  const std::string mode = params.string("mode").value_or("form");
  if (mode == "url") {
    elicitation.mode = ElicitationMode::url;
    const auto url = params.string("url");
    if (!url) return fail(Errc::protocol, "a url elicitation has no url");
    elicitation.url = *url;
    elicitation.elicitation_id = params.string("elicitationId").value_or("");
    return elicitation;
  }
  if (mode != "form") {
    return fail(Errc::protocol, "elicitation mode " + quote_remote(mode) + " is unknown");
  }
  const auto schema = params.find("requestedSchema");
  if (!schema || !schema->is_object()) {
    return fail(Errc::protocol, "a form elicitation has no requestedSchema");
  }
  elicitation.requested_schema = schema->raw();
  const auto properties = schema->find("properties");
  if (!properties) return elicitation;
  for (const JsonMember& member : properties->members()) {
    elicitation.fields.push_back(read_field(member));
  }
  if (const auto required = schema->find("required")) {
    for (const JsonView& name : required->elements()) {
      for (ElicitationField& field : elicitation.fields) {
        if (name.equals(field.name)) field.required = true;
      }
    }
  }
  return elicitation;
}

std::string make_accept(const Elicitation& elicitation, std::string_view content) {
  if (elicitation.mode == ElicitationMode::url) return R"({"action":"accept"})";
  const JsonView given = JsonView::of_proved(content.empty() ? "{}" : content);
  std::string members;
  const auto add = [&members](std::string_view raw_key, std::string_view value) {
    if (!members.empty()) members += ',';
    members.append("\"").append(raw_key).append("\":").append(value);
  };
  for (const JsonMember& member : given.members()) add(member.raw_key, member.value.raw());
  for (const ElicitationField& field : elicitation.fields) {
    if (field.default_value.empty() || given.find(field.name)) continue;
    const std::string key = jsonrpc::quote(field.name);
    add(std::string_view(key).substr(1, key.size() - 2), field.default_value);
  }
  return R"({"action":"accept","content":{)" + members + "}}";
}

std::string make_decline() {
  return R"({"action":"decline"})";
}

std::string make_cancel() {
  return R"({"action":"cancel"})";
}

}  // namespace gatehouse::mcp
