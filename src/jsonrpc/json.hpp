// Reading small JSON documents and writing JSON strings, without a JSON library in any header. Used
// by every layer above. A JsonView only exists over text that was proved (see scanner.hpp): it
// walks the bytes, copies nothing, and keeps number text as it came. RFC 8259. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"

namespace gatehouse::jsonrpc {

/// Appends `text` as a JSON string literal with its quotes. Ill-formed UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);
/// `text` as a JSON string literal with its quotes.
std::string quote(std::string_view text);

/// The text that the inside of a proved string literal (without its quotes) stands for. Lone
/// surrogates, which RFC 8259 leaves open, become U+FFFD.
std::string unescape(std::string_view literal);

enum class JsonKind { null, boolean, number, string, array, object };

std::string_view to_string(JsonKind kind);  ///< "null", "boolean", "number", "string", …

class JsonMembers;
class JsonElements;

/// One value inside proved JSON text. Borrows the text. A default view is a JSON null.
class JsonView final {
 public:
  JsonView() : raw_("null") {}

  /// Proves `text` (one value, white space around it allowed; UTF-8, depth, no member name twice in
  /// any object) and returns its view. Errors: parse, with the offset; `what` names the document.
  static Result<JsonView> parse(std::string_view text, std::string_view what = "the document",
                                int max_depth = limits::kJsonDepth);
  /// A view of a value that has been proved: a raw slice from a Message, or raw() of another view.
  static JsonView of_proved(std::string_view raw);

  std::string_view raw() const { return raw_; }  ///< the value's bytes, without white space around
  JsonKind kind() const;
  bool is_null() const { return kind() == JsonKind::null; }
  bool is_object() const { return kind() == JsonKind::object; }
  bool is_array() const { return kind() == JsonKind::array; }
  bool is_string() const { return kind() == JsonKind::string; }

  /// The member of that (unescaped) name; nothing when absent or when this is no object.
  std::optional<JsonView> find(std::string_view name) const;

  /// Nothing when this is of another kind.
  std::optional<std::string> as_string() const;
  /// Nothing when this is no number, not integral, or outside int64. "42.0" and "4.2e1" are 42.
  std::optional<std::int64_t> as_int() const;
  std::optional<double> as_double() const;
  std::optional<bool> as_bool() const;
  /// True when this is a string that stands for exactly `text`.
  bool equals(std::string_view text) const;

  /// find() and as_…() in one step.
  std::optional<std::string> string(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const;

  /// `for (const JsonMember& member : view.members())`; empty when this is no object.
  JsonMembers members() const;
  /// `for (JsonView element : view.elements())`; empty when this is no array.
  JsonElements elements() const;
  std::size_t size() const;  ///< number of members or elements; 0 for other kinds

 private:
  explicit JsonView(std::string_view raw) : raw_(raw) {}
  std::string_view raw_;
};

struct JsonMember {
  std::string_view raw_key;  ///< inside of the literal, escapes kept
  JsonView value;
  std::string key() const { return unescape(raw_key); }
  /// True when the name is `name`.
  bool is(std::string_view name) const;
};

/// The members of an object in their order.
class JsonMembers final {
 public:
  class Iterator {
   public:
    using value_type = JsonMember;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { advance(); }
    const JsonMember& operator*() const { return member_; }
    const JsonMember* operator->() const { return &member_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const Iterator& a, std::default_sentinel_t) { return a.done_; }

   private:
    void advance();
    std::string_view rest_;
    JsonMember member_;
    bool done_ = true;
  };

  explicit JsonMembers(std::string_view inside) : inside_(inside) {}
  Iterator begin() const { return Iterator(inside_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view inside_;
};

/// The elements of an array in their order.
class JsonElements final {
 public:
  class Iterator {
   public:
    using value_type = JsonView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { advance(); }
    const JsonView& operator*() const { return value_; }
    const JsonView* operator->() const { return &value_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const Iterator& a, std::default_sentinel_t) { return a.done_; }

   private:
    void advance();
    std::string_view rest_;
    JsonView value_;
    bool done_ = true;
  };

  explicit JsonElements(std::string_view inside) : inside_(inside) {}
  Iterator begin() const { return Iterator(inside_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view inside_;
};

}  // namespace gatehouse::jsonrpc
