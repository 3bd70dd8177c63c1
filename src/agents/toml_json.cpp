// TOML by toml++, which throws; the exception ends here.
#include <fmt/format.h>

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include <cmath>
#include <sstream>

#include "agents/to_json.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::agents {
namespace {

using jsonrpc::append_quoted;

void append(std::string& out, const toml::node& node);

void append_table(std::string& out, const toml::table& table) {
  out += '{';
  bool first = true;
  for (const auto& [name, node] : table) {
    if (!first) out += ',';
    first = false;
    append_quoted(out, name.str());
    out += ':';
    append(out, node);
  }
  out += '}';
}

void append(std::string& out, const toml::node& node) {
  if (const toml::table* table = node.as_table()) {
    append_table(out, *table);
  } else if (const toml::array* array = node.as_array()) {
    out += '[';
    for (const toml::node& element : *array) {
      if (&element != &array->front()) out += ',';
      append(out, element);
    }
    out += ']';
  } else if (const auto text = node.value_exact<std::string>()) {
    append_quoted(out, *text);
  } else if (const auto flag = node.value_exact<bool>()) {
    out += *flag ? "true" : "false";
  } else if (const auto number = node.value_exact<std::int64_t>()) {
    out += std::to_string(*number);
  } else if (const auto real = node.value_exact<double>()) {
    out += std::isfinite(*real) ? fmt::format("{}", *real) : "null";
  } else {
    std::ostringstream shown;  // a date or time
    node.visit([&shown](const auto& value) { shown << value; });
    append_quoted(out, shown.str());
  }
}

}  // namespace

Result<std::string> toml_to_json(std::string_view text) {
  try {
    std::string out;
    append_table(out, toml::parse(text));
    return out;
  } catch (const toml::parse_error& problem) {
    const auto& at = problem.source().begin;
    return fail(Errc::parse,
                fmt::format("line {} column {}: {}", at.line, at.column, problem.description()));
  }
}

}  // namespace gatehouse::agents
