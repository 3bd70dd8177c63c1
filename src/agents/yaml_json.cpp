// YAML by yaml-cpp, which throws; the exception ends here. Its nodes share what aliases repeat, so
// the size of what is written is bounded, not that of what is read.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

#include "agents/to_json.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::agents {
namespace {

using jsonrpc::append_quoted;

constexpr std::size_t kMaxBytes = 1024 * 1024;
constexpr int kMaxDepth = 64;

struct TooLarge {};

// YAML 1.2 §10.3.2 (core schema), for scalars without quotes.
void append_scalar(std::string& out, const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return append_quoted(out, text);  // quoted
  if (text == "true" || text == "True" || text == "TRUE") {
    out += "true";
    return;
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    out += "false";
    return;
  }
  const char* const end = text.data() + text.size();
  std::int64_t number = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && stop == end) {
    out += std::to_string(number);
    return;
  }
  double real = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, real);
  const bool is_number = error == std::errc() && stop == end && std::isfinite(real) &&
                         text.find_first_of("0123456789") != std::string::npos;
  if (is_number) {
    out += fmt::format("{}", real);
  } else {
    append_quoted(out, text);
  }
}

void append(std::string& out, const YAML::Node& node, int depth) {
  if (out.size() > kMaxBytes || depth > kMaxDepth) throw TooLarge{};
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      out += "null";
      return;
    case YAML::NodeType::Scalar:
      append_scalar(out, node);
      return;
    case YAML::NodeType::Sequence: {
      out += '[';
      const char* separator = "";
      for (const YAML::Node& element : node) {
        out += separator;
        append(out, element, depth + 1);
        separator = ",";
      }
      out += ']';
      return;
    }
    case YAML::NodeType::Map: {
      out += '{';
      const char* separator = "";
      for (const auto& member : node) {
        if (!member.first.IsScalar())
          throw YAML::Exception(member.first.Mark(), "a key is no text");
        out += separator;
        append_quoted(out, member.first.Scalar());
        out += ':';
        append(out, member.second, depth + 1);
        separator = ",";
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

Result<std::string> yaml_to_json(std::string_view text) {
  try {
    std::string out;
    append(out, YAML::Load(std::string(text)), 0);
    return out;
  } catch (const TooLarge&) {
    return fail(Errc::too_large, "the document is too large or too deep");
  } catch (const YAML::Exception& problem) {
    return fail(Errc::parse, fmt::format("line {} column {}: {}", problem.mark.line + 1,
                                         problem.mark.column + 1, problem.msg));
  }
}

}  // namespace gatehouse::agents
