#include "cli/json_out.hpp"

#include "jsonrpc/json.hpp"

namespace gatehouse::cli {

std::string& JsonObject::member(std::string_view name) {
  if (!members_.empty()) members_ += ',';
  jsonrpc::append_quoted(members_, name);
  members_ += ':';
  return members_;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  jsonrpc::append_quoted(member(name), value);
  return *this;
}

JsonObject& JsonObject::text_if(std::string_view name, std::string_view value) {
  return value.empty() ? *this : text(name, value);
}

JsonObject& JsonObject::texts(std::string_view name, const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  for (const std::string& value : values) quoted.push_back(jsonrpc::quote(value));
  return raw(name, json_array(quoted));
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
  member(name) += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::flag(std::string_view name, bool value) {
  member(name) += value ? "true" : "false";
  return *this;
}

JsonObject& JsonObject::time(std::string_view name, const std::optional<SystemTime>& value) {
  return value ? text(name, to_rfc3339(*value)) : *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  member(name) += json;
  return *this;
}

std::string json_array(const std::vector<std::string>& raw_values) {
  std::string out = "[";
  for (const std::string& value : raw_values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + "]";
}

std::string pretty_json(std::string_view raw) {
  std::string out;
  std::size_t depth = 0;
  bool in_string = false;
  const auto new_line = [&] { out += '\n' + std::string(2 * depth, ' '); };
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < raw.size()) out += raw[++i];
      in_string = c != '"';
      continue;
    }
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '}' || c == ']') {
      --depth;
      if (out.back() != '{' && out.back() != '[') new_line();
    } else if (!out.empty() && (out.back() == '{' || out.back() == '[')) {
      new_line();
    }
    out += c;
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == ',') new_line();
    if (c == ':') out += ' ';
  }
  return out;
}

}  // namespace gatehouse::cli
