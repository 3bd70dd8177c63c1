#include "catalog/definition.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::catalog {
namespace {

using jsonrpc::JsonKind;
using jsonrpc::JsonMember;
using jsonrpc::JsonView;
using What = DefinitionChange::What;

constexpr std::array<std::string_view, 6> kPinned{"name",        "title",        "description",
                                                  "inputSchema", "outputSchema", "annotations"};
constexpr std::size_t kMostWords = 600;

using Members = std::map<std::string, JsonView, std::less<>>;

Members members_of(const JsonView& object) {
  Members members;
  for (const JsonMember& member : object.members()) members.emplace(member.key(), member.value);
  return members;
}

// Depth is bounded by the proof (kJsonDepth).
void append_canonical(std::string& out, const JsonView& value) {
  switch (value.kind()) {
    case JsonKind::object: {
      out += '{';
      for (const auto& [key, member] : members_of(value)) {
        if (out.back() != '{') out += ',';
        jsonrpc::append_quoted(out, key);
        out += ':';
        append_canonical(out, member);
      }
      out += '}';
      return;
    }
    case JsonKind::array: {
      out += '[';
      bool first = true;
      for (const JsonView& element : value.elements()) {
        if (!first) out += ',';
        first = false;
        append_canonical(out, element);
      }
      out += ']';
      return;
    }
    case JsonKind::string:
      jsonrpc::append_quoted(out, value.as_string().value_or(""));
      return;
    default:
      out += value.raw();
  }
}

std::string canonical(const JsonView& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

class Differ final {
 public:
  void compare(const std::string& path, const std::optional<JsonView>& before,
               const std::optional<JsonView>& after) {
    if (changes_.size() >= kMostChanges || (!before && !after)) return;
    if (!before) return add(What::added, path, {}, after->raw());
    if (!after) return add(What::removed, path, before->raw(), {});
    if (before->is_object() && after->is_object()) return objects(path, *before, *after);
    if (before->is_array() && after->is_array()) return arrays(path, *before, *after);
    if (canonical(*before) != canonical(*after))
      add(What::changed, path, before->raw(), after->raw());
  }
  std::vector<DefinitionChange> take() { return std::move(changes_); }

 private:
  void objects(const std::string& path, const JsonView& before, const JsonView& after) {
    const Members old_members = members_of(before);
    const Members new_members = members_of(after);
    for (const auto& [key, value] : old_members) {
      const auto found = new_members.find(key);
      compare(path + "." + key, value,
              found == new_members.end() ? std::nullopt : std::optional<JsonView>(found->second));
    }
    for (const auto& [key, value] : new_members)
      if (!old_members.contains(key)) compare(path + "." + key, std::nullopt, value);
  }

  // Of the same length: place by place. Otherwise, what is only in one of them.
  void arrays(const std::string& path, const JsonView& before, const JsonView& after) {
    std::vector<JsonView> old_elements, new_elements;
    for (const JsonView& element : before.elements()) old_elements.push_back(element);
    for (const JsonView& element : after.elements()) new_elements.push_back(element);
    if (old_elements.size() == new_elements.size()) {
      for (std::size_t i = 0; i < old_elements.size(); ++i)
        compare(path + "[" + std::to_string(i) + "]", old_elements[i], new_elements[i]);
      return;
    }
    const auto only_in = [](const std::vector<JsonView>& one, const std::vector<JsonView>& other) {
      std::map<std::string, int> counts;
      for (const JsonView& element : other) ++counts[canonical(element)];
      std::vector<JsonView> only;
      for (const JsonView& element : one)
        if (--counts[canonical(element)] < 0) only.push_back(element);
      return only;
    };
    for (const JsonView& gone : only_in(old_elements, new_elements))
      add(What::removed, path + "[]", gone.raw(), {});
    for (const JsonView& come : only_in(new_elements, old_elements))
      add(What::added, path + "[]", {}, come.raw());
  }

  void add(What what, const std::string& path, std::string_view before, std::string_view after) {
    if (changes_.size() < kMostChanges)
      changes_.push_back({what, path, std::string(before), std::string(after)});
  }

  std::vector<DefinitionChange> changes_;
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    end = std::min(text.find_first_not_of(" \t\r\n", end), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

void append(std::vector<WordRun>& runs, WordRun::What what, std::string_view word) {
  if (runs.empty() || runs.back().what != what) runs.push_back({what, {}});
  runs.back().text += word;
}

using Words = std::vector<std::string_view>;

// The longest common subsequence, by a table.
void compare_words(const Words& before, const Words& after, std::vector<WordRun>& runs) {
  const std::size_t rows = before.size(), columns = after.size();
  std::vector<std::uint16_t> table((rows + 1) * (columns + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& {
    return table[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) = before[i] == after[j] ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                       : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0, j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && before[i] == after[j]) {
      append(runs, WordRun::What::same, before[i++]);
      ++j;
    } else if (i < rows && (j == columns || at(i + 1, j) >= at(i, j + 1))) {
      append(runs, WordRun::What::removed, before[i++]);
    } else {
      append(runs, WordRun::What::added, after[j++]);
    }
  }
}

}  // namespace

std::string digest_of_definition(std::string_view raw) {
  const Members members = members_of(JsonView::of_proved(raw));
  std::string text = "{";
  for (const std::string_view name : kPinned) {
    const auto found = members.find(name);
    if (found == members.end()) continue;
    if (text.back() != '{') text += ',';
    jsonrpc::append_quoted(text, name);
    text += ':';
    append_canonical(text, found->second);
  }
  text += '}';
  return "1:" + hex_encode(sha256(text));
}

std::vector<DefinitionChange> diff_definitions(std::string_view before, std::string_view after) {
  const JsonView old_view = JsonView::of_proved(before);
  const JsonView new_view = JsonView::of_proved(after);
  Differ differ;
  for (const std::string_view name : kPinned)
    differ.compare(std::string(name), old_view.find(name), new_view.find(name));
  return differ.take();
}

std::vector<WordRun> diff_words(std::string_view before, std::string_view after) {
  Words old_words = words_of(before);
  Words new_words = words_of(after);
  std::vector<WordRun> runs;
  const auto differs = std::ranges::mismatch(old_words, new_words);
  for (auto word = old_words.begin(); word != differs.in1; ++word)
    append(runs, WordRun::What::same, *word);
  old_words.erase(old_words.begin(), differs.in1);
  new_words.erase(new_words.begin(), differs.in2);
  Words tail;
  while (!old_words.empty() && !new_words.empty() && old_words.back() == new_words.back()) {
    tail.push_back(old_words.back());
    old_words.pop_back();
    new_words.pop_back();
  }
  if (old_words.size() <= kMostWords && new_words.size() <= kMostWords) {
    compare_words(old_words, new_words, runs);
  } else {
    for (const std::string_view word : old_words) append(runs, WordRun::What::removed, word);
    for (const std::string_view word : new_words) append(runs, WordRun::What::added, word);
  }
  for (auto word = tail.rbegin(); word != tail.rend(); ++word)
    append(runs, WordRun::What::same, *word);
  return runs;
}

}  // namespace gatehouse::catalog
