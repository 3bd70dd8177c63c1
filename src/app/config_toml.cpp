// Reads the file into settings. toml++ throws; the exception ends here.
#include <fmt/format.h>

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include "app/config.hpp"

namespace gatehouse::app {
namespace {

constexpr std::string_view kWordsKey = "key.command";  // may be an array of texts

/// An array of texts as one line of quoted words.
std::optional<std::string> words_of(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::string line;
  for (const toml::node& element : *array) {
    const auto word = element.value_exact<std::string>();
    if (!word) return std::nullopt;
    line += line.empty() ? "'" : " '";
    for (const char c : *word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

Result<void> collect(const toml::table& table, const std::string& prefix, const std::string& file,
                     std::vector<Setting>& settings) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    const std::string where = fmt::format("{}:{}", file, node.source().begin.line);
    if (const toml::table* below = node.as_table()) {
      if (const Result<void> done = collect(*below, key + ".", file, settings); !done) return done;
    } else if (const auto text = node.value_exact<std::string>()) {
      settings.push_back({key, *text, where});
    } else if (const auto flag = node.value_exact<bool>()) {
      settings.push_back({key, *flag ? "true" : "false", where});
    } else if (const auto number = node.value_exact<std::int64_t>()) {
      settings.push_back({key, std::to_string(*number), where});
    } else if (const std::optional<std::string> line = words_of(node); line && key == kWordsKey) {
      settings.push_back({key, *line, where});
    } else {
      return fail(Errc::invalid_argument,
                  fmt::format("{}: {} must be a text, a number or a boolean", where, key));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Setting>> read_settings(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::vector<Setting>();
  std::vector<Setting> settings;
  try {
    const toml::table table = toml::parse_file(file.string());
    if (const Result<void> done = collect(table, "", file.string(), settings); !done)
      return std::unexpected(done.error());
  } catch (const toml::parse_error& problem) {
    const auto line = problem.source().begin.line;
    return fail(line == 0 ? Errc::storage : Errc::invalid_argument,
                fmt::format("{}:{}: {}", file.string(), line, problem.description()));
  }
  return settings;
}

}  // namespace gatehouse::app
