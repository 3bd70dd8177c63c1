// Pattern: regular expressions of JSON Schema (`pattern`, `patternProperties`) in time linear in
// text times pattern, because both come from strangers. The part of ECMA-262 that has no
// back-references and no look-around. Used by the schema validator. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::mcp {

class Pattern final {
 public:
  /// Nothing when the expression uses what is not supported, is malformed, or grows too large.
  static std::optional<Pattern> compile(std::string_view expression);

  /// Whether the expression matches anywhere in `text` (UTF-8).
  bool search(std::string_view text) const;
  /// Steps that search() takes per byte of text, at most.
  std::size_t size() const { return program_.size(); }

  using Range = std::pair<char32_t, char32_t>;
  struct Instruction {
    enum class Op : std::uint8_t { set, split, jump, begin, end, word_edge, no_word_edge, match };
    Op op = Op::match;
    bool negated = false;       ///< of set
    std::uint32_t next = 0;     ///< of split, jump
    std::uint32_t other = 0;    ///< of split
    std::vector<Range> ranges;  ///< of set
  };

 private:
  explicit Pattern(std::vector<Instruction> program) : program_(std::move(program)) {}
  std::vector<Instruction> program_;
};

}  // namespace gatehouse::mcp
