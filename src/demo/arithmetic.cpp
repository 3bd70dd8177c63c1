#include "demo/arithmetic.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace gatehouse::demo {
namespace {

constexpr int kDepth = 50;  ///< nested parentheses, signs and powers

class Parser final {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<double> run() {
    const double value = sum(0);
    skip();
    if (ok_ && at_ != text_.size()) stop("something is left over");
    if (!ok_) {
      return fail(Errc::invalid_argument, fmt::format("{} at character {}", why_, failed_at_ + 1));
    }
    if (!std::isfinite(value))
      return fail(Errc::invalid_argument, "the result is no finite number");
    return value;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool eat(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  double stop(std::string_view why) {
    if (ok_) {
      why_ = why;
      failed_at_ = at_;
    }
    ok_ = false;
    return 0;
  }

  double sum(int depth) {
    double value = product(depth);
    while (ok_) {
      if (eat('+')) {
        value += product(depth);
      } else if (eat('-')) {
        value -= product(depth);
      } else {
        break;
      }
    }
    return value;
  }

  double product(int depth) {
    double value = sign(depth);
    while (ok_) {
      if (eat('*')) {
        value *= sign(depth);
      } else if (eat('/')) {
        value /= sign(depth);
      } else {
        break;
      }
    }
    return value;
  }

  double sign(int depth) {
    if (depth > kDepth) return stop("too deeply nested");
    if (eat('-')) return -sign(depth + 1);
    const double base = atom(depth + 1);
    return ok_ && eat('^') ? std::pow(base, sign(depth + 1)) : base;
  }

  double atom(int depth) {
    if (eat('(')) {
      const double value = sum(depth);
      if (ok_ && !eat(')')) return stop("a parenthesis is not closed");
      return value;
    }
    skip();
    double value = 0;
    const char* from = text_.data() + at_;
    const auto read = std::from_chars(from, text_.data() + text_.size(), value);
    if (read.ec != std::errc() || !((*from >= '0' && *from <= '9') || *from == '.')) {
      return stop("a number is missing");
    }
    at_ += static_cast<std::size_t>(read.ptr - from);
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
  std::string_view why_;
  std::size_t failed_at_ = 0;
};

}  // namespace

Result<double> evaluate(std::string_view expression) {
  return Parser(expression).run();
}

}  // namespace gatehouse::demo
