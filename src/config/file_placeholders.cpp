#include "config/file_placeholders.hpp"

#include <optional>

namespace gatehouse::config {
namespace {

std::optional<std::string> value_of(std::string_view name, const FilePlace& place) {
  if (name == "userHome") return place.home;
  if (name == "workspaceFolder") return place.workspace;
  if (name == "workspaceFolderBasename") {
    const std::size_t slash = place.workspace.rfind('/');
    return place.workspace.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  if (name == "pathSeparator" || name == "/") return "/";
  return std::nullopt;
}

bool is_plain_variable(std::string_view inside) {
  return is_variable_name(inside.substr(0, inside.find(":-")));
}

}  // namespace

Result<Template> parse_file_text(std::string_view text, const FilePlace& place) {
  if (text.size() > kTemplateBytes) return parse_template(text);  // which refuses it
  std::string ours;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 3) == "$${") {
      ours += "$${";
      i += 3;
      continue;
    }
    if (text.substr(i, 2) != "${") {
      ours += text[i++];
      continue;
    }
    const std::size_t end = text.find('}', i);
    const std::string_view inside =
        end == std::string_view::npos ? std::string_view() : text.substr(i + 2, end - i - 2);
    if (inside.starts_with("input:")) {
      return fail(Errc::invalid_argument,
                  "${input:…} asks a person inside an editor, which Gatehouse is not",
                  "write ${env:NAME}, ${file:PATH}, ${command:PROGRAM} or ${keyring:NAME} instead");
    }
    if (const std::optional<std::string> value = value_of(inside, place)) {
      ours += escape(*value);
      i = end + 1;
    } else if (is_plain_variable(inside)) {
      ours += "${env:" + std::string(inside) + "}";
      i = end + 1;
    } else {
      ours += "${";
      i += 2;
    }
  }
  return parse_template(ours);
}

}  // namespace gatehouse::config
