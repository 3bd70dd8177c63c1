#include "mcp/pattern.hpp"

#include <algorithm>
#include <string>

namespace gatehouse::mcp {
namespace {

using Instruction = Pattern::Instruction;
using Op = Instruction::Op;
using Program = std::vector<Instruction>;
using Range = Pattern::Range;

constexpr std::size_t kProgramMax = 2000;  // instructions, counted repetitions unrolled
constexpr int kDepthMax = 50;              // groups in groups
constexpr char32_t kLast = 0x10FFFF;

std::u32string decode(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0xFF >> (length + 1));
    for (std::size_t i = 1; i < length && at + i < text.size(); ++i) {
      point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    }
    points += point;
    at += length;
  }
  return points;
}

const std::vector<Range> kDigits{{'0', '9'}};
const std::vector<Range> kWord{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const std::vector<Range> kSpace{
    {'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};

std::vector<Range> complement(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<Range> out;
  char32_t from = 0;
  for (const auto& [first, last] : ranges) {
    if (first > from) out.emplace_back(from, first - 1);
    from = std::max<char32_t>(from, last + 1);
  }
  if (from <= kLast) out.emplace_back(from, kLast);
  return out;
}

/// Recursive descent over the expression; each part becomes a relocatable piece of program. Sets
/// `ok_` to false at the first thing it does not support.
class Compiler final {
 public:
  explicit Compiler(std::u32string expression) : text_(std::move(expression)) {}

  std::optional<Program> compile() {
    Program program = alternatives(0);
    if (!ok_ || at_ != text_.size() || program.size() >= kProgramMax) return std::nullopt;
    program.push_back({});  // match
    return program;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char32_t peek() const { return done() ? 0 : text_[at_]; }
  bool take(char32_t c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Program refuse() {
    ok_ = false;
    return {};
  }

  static void append(Program& to, Program piece) {
    const auto base = static_cast<std::uint32_t>(to.size());
    for (Instruction& step : piece) {
      if (step.op == Op::split || step.op == Op::jump) {
        step.next += base;
        step.other += base;
      }
      to.push_back(std::move(step));
    }
  }
  static Instruction split(std::size_t next, std::size_t other) {
    return {
        Op::split, false, static_cast<std::uint32_t>(next), static_cast<std::uint32_t>(other), {}};
  }
  static Instruction jump(std::size_t next) {
    return {Op::jump, false, static_cast<std::uint32_t>(next), 0, {}};
  }

  Program alternatives(int depth) {
    if (depth > kDepthMax) return refuse();
    Program left = sequence(depth);
    while (ok_ && take('|')) {
      Program right = sequence(depth);
      Program both{split(1, left.size() + 2)};
      append(both, std::move(left));
      both.push_back(jump(both.size() + 1 + right.size()));
      append(both, std::move(right));
      left = std::move(both);
    }
    return left;
  }

  Program sequence(int depth) {
    Program program;
    while (ok_ && !done() && peek() != '|' && peek() != ')') {
      Program piece = quantified(depth);
      if (program.size() + piece.size() > kProgramMax) return refuse();
      append(program, std::move(piece));
    }
    return program;
  }

  Program quantified(int depth) {
    Program piece = atom(depth);
    if (!ok_ || done()) return piece;
    std::size_t least = 0;
    std::optional<std::size_t> most;
    if (take('*')) {
    } else if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (peek() == '{') {
      if (!counts(least, most)) return refuse();
    } else {
      return piece;
    }
    take('?');  // lazy: the same as far as a yes or no goes
    return repeat(piece, least, most);
  }

  bool counts(std::size_t& least, std::optional<std::size_t>& most) {
    ++at_;
    const auto first = number();
    if (!first) return false;
    least = *first;
    most = first;
    if (take(',')) most = number();
    return take('}') && (!most || *most >= least);
  }

  std::optional<std::size_t> number() {
    std::size_t value = 0;
    const std::size_t from = at_;
    while (peek() >= '0' && peek() <= '9' && value < 100000)
      value = value * 10 + (text_[at_++] - '0');
    if (at_ == from) return std::nullopt;
    return value;
  }

  Program repeat(const Program& piece, std::size_t least, std::optional<std::size_t> most) {
    const std::size_t copies = most.value_or(least + 1);
    if ((piece.size() + 2) * (copies + 1) > kProgramMax) return refuse();
    Program program;
    for (std::size_t i = 0; i < least; ++i) append(program, piece);
    if (!most) {
      const std::size_t start = program.size();
      program.push_back(split(start + 1, start + piece.size() + 2));
      append(program, piece);
      program.push_back(jump(start));
      return program;
    }
    for (std::size_t i = least; i < *most; ++i) {
      const std::size_t rest = (*most - i) * (piece.size() + 1);
      program.push_back(split(program.size() + 1, program.size() + rest));
      append(program, piece);
    }
    return program;
  }

  Program atom(int depth) {
    const char32_t c = text_[at_++];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return bracket();
      case '.':
        return set({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}, true);
      case '^':
        return {{Op::begin, false, 0, 0, {}}};
      case '$':
        return {{Op::end, false, 0, 0, {}}};
      case '\\':
        return escaped();
      case '*':
      case '+':
      case '?':
      case ')':
        return refuse();
      default:
        return set({{c, c}}, false);
    }
  }

  static Program set(std::vector<Range> ranges, bool negated) {
    return {{Op::set, negated, 0, 0, std::move(ranges)}};
  }

  Program group(int depth) {
    if (take('?')) {
      if (take('<')) {
        if (peek() == '=' || peek() == '!') return refuse();
        while (!done() && peek() != '>') ++at_;
        if (!take('>')) return refuse();
      } else if (!take(':')) {
        return refuse();
      }
    }
    Program inside = alternatives(depth + 1);
    return take(')') ? inside : refuse();
  }

  Program escaped() {
    if (done()) return refuse();
    if (take('b')) return {{Op::word_edge, false, 0, 0, {}}};
    if (take('B')) return {{Op::no_word_edge, false, 0, 0, {}}};
    std::vector<Range> ranges;
    if (!class_escape(ranges)) return refuse();
    return set(std::move(ranges), false);
  }

  /// What follows a backslash, inside brackets or outside, except for \b and \B.
  bool class_escape(std::vector<Range>& into) {
    if (done()) return false;
    const char32_t c = text_[at_++];
    const auto add = [&into](const std::vector<Range>& ranges) {
      into.insert(into.end(), ranges.begin(), ranges.end());
      return true;
    };
    const auto one = [&into](char32_t point) {
      into.emplace_back(point, point);
      return true;
    };
    switch (c) {
      case 'd':
        return add(kDigits);
      case 'D':
        return add(complement(kDigits));
      case 'w':
        return add(kWord);
      case 'W':
        return add(complement(kWord));
      case 's':
        return add(kSpace);
      case 'S':
        return add(complement(kSpace));
      case 't':
        return one('\t');
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'x':
        return hex(2, into);
      case 'u':
        return hex(4, into);
      default:
        break;
    }
    const bool letter_or_digit =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !letter_or_digit && one(c);  // back-references, \p{…} and \k are not supported
  }

  bool hex(int digits, std::vector<Range>& into) {
    char32_t point = 0;
    for (int i = 0; i < digits; ++i) {
      const char32_t c = peek();
      const char32_t lower = c | 0x20;
      if (c >= '0' && c <= '9') {
        point = point << 4 | (c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        point = point << 4 | (lower - 'a' + 10);
      } else {
        return false;
      }
      ++at_;
    }
    into.emplace_back(point, point);
    return true;
  }

  Program bracket() {
    const bool negated = take('^');
    std::vector<Range> ranges;
    while (!done() && peek() != ']') {
      std::vector<Range> first;
      if (!bracket_item(first)) return refuse();
      const bool single = first.size() == 1 && first[0].first == first[0].second;
      if (single && peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        std::vector<Range> last;
        if (!bracket_item(last) || last.size() != 1 || last[0].first != last[0].second ||
            last[0].first < first[0].first) {
          return refuse();
        }
        first[0].second = last[0].first;
      }
      ranges.insert(ranges.end(), first.begin(), first.end());
    }
    return take(']') ? set(std::move(ranges), negated) : refuse();
  }

  bool bracket_item(std::vector<Range>& into) {
    if (take('\\')) {
      if (take('b')) {
        into.emplace_back('\b', '\b');
        return true;
      }
      return class_escape(into);
    }
    const char32_t c = text_[at_++];
    into.emplace_back(c, c);
    return true;
  }

  std::u32string text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

bool is_word(char32_t c) {
  return std::ranges::any_of(kWord, [c](const Range& r) { return c >= r.first && c <= r.second; });
}

bool contains(const Instruction& set, char32_t c) {
  const bool found = std::ranges::any_of(
      set.ranges, [c](const Range& r) { return c >= r.first && c <= r.second; });
  return found != set.negated;
}

/// The set of instructions that are reached at one position (Thompson's simulation).
class Threads final {
 public:
  explicit Threads(const Program& program) : program_(&program), seen_(program.size()) {}

  /// Adds `start` and what follows without reading; true when the match is reached.
  bool add(std::uint32_t start, const std::u32string& text, std::size_t at) {
    stack_.push_back(start);
    while (!stack_.empty()) {
      const std::uint32_t pc = stack_.back();
      stack_.pop_back();
      if (seen_[pc]) continue;
      seen_[pc] = true;
      touched_.push_back(pc);
      const Instruction& step = (*program_)[pc];
      const bool edge =
          (at > 0 && is_word(text[at - 1])) != (at < text.size() && is_word(text[at]));
      switch (step.op) {
        case Op::match:
          return true;
        case Op::set:
          waiting_.push_back(pc);
          break;
        case Op::jump:
          stack_.push_back(step.next);
          break;
        case Op::split:
          stack_.push_back(step.next);
          stack_.push_back(step.other);
          break;
        case Op::begin:
          if (at == 0) stack_.push_back(pc + 1);
          break;
        case Op::end:
          if (at == text.size()) stack_.push_back(pc + 1);
          break;
        case Op::word_edge:
          if (edge) stack_.push_back(pc + 1);
          break;
        case Op::no_word_edge:
          if (!edge) stack_.push_back(pc + 1);
          break;
      }
    }
    return false;
  }

  const std::vector<std::uint32_t>& waiting() const { return waiting_; }
  void clear() {
    for (const std::uint32_t pc : touched_) seen_[pc] = false;
    touched_.clear();
    waiting_.clear();
    stack_.clear();
  }

 private:
  const Program* program_;
  std::vector<bool> seen_;
  std::vector<std::uint32_t> touched_, waiting_, stack_;
};

}  // namespace

std::optional<Pattern> Pattern::compile(std::string_view expression) {
  auto program = Compiler(decode(expression)).compile();
  if (!program) return std::nullopt;
  return Pattern(std::move(*program));
}

bool Pattern::search(std::string_view bytes) const {
  const std::u32string text = decode(bytes);
  Threads now(program_);
  Threads next(program_);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (now.add(0, text, at)) return true;
    if (at == text.size()) break;
    next.clear();
    for (const std::uint32_t pc : now.waiting()) {
      if (contains(program_[pc], text[at]) && next.add(pc + 1, text, at + 1)) return true;
    }
    std::swap(now, next);
  }
  return false;
}

}  // namespace gatehouse::mcp
