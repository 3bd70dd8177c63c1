// Request and Response values (RFC 9110). Pure: no sockets. Made by callers, sent by http::Client,
// received through http::Server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::http {

/// An ordered list of header fields in one flat buffer: two allocations however many fields. Names
/// compare case-insensitively.
class Headers final {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  /// Appends, keeping earlier fields of the same name.
  void add(std::string_view name, std::string_view value);
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  /// The first field of that name. The view is valid until the next change.
  std::optional<std::string_view> find(std::string_view name) const;
  /// All values of that name, in order.
  std::vector<std::string_view> find_all(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }
  std::size_t count(std::string_view name) const;
  std::size_t size() const { return entries_.size(); }
  Field at(std::size_t index) const;
  /// Makes room for so many bytes of names and values in so many fields.
  void reserve(std::size_t bytes, std::size_t fields) {
    text_.reserve(bytes);
    entries_.reserve(fields);
  }
  /// Forgets all fields but keeps the memory.
  void clear();
  /// Forgets all fields and copies `text`, which add_adopted() then names parts of: a parser's way,
  /// one copy for a whole head.
  void adopt(std::string_view text);
  void add_adopted(std::size_t name_at, std::size_t name_size, std::size_t value_at,
                   std::size_t value_size);

 private:
  struct Entry {
    std::uint32_t name_at;
    std::uint32_t name_size;
    std::uint32_t value_at;
    std::uint32_t value_size;
    std::uint32_t tag;  ///< of the name, so that most comparisons are of one number
  };
  const Entry* find_entry(std::string_view name, std::uint32_t tag, std::size_t from) const;
  std::string text_;
  std::vector<Entry> entries_;
};

struct Request {
  std::string method = "GET";
  /// Absolute URL for a client; origin-form target ("/mcp?x=1") for a server.
  std::string target;
  Headers headers;
  std::string body;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

/// True for a legal field name (RFC 9110 token).
bool is_token(std::string_view text);
/// True for a legal field value: visible ASCII, space, tab and bytes ≥ 0x80, no leading or trailing
/// white space, no CR, LF or NUL.
bool is_field_value(std::string_view text);
/// The first byte of [at, end) that cannot be in a token, or in a field value; `end` when none.
const char* skip_token(const char* at, const char* end);
const char* skip_value(const char* at, const char* end);
/// The media type without parameters, lower case: "application/json; charset=utf-8" →
/// "application/json".
std::string media_type(std::string_view content_type);
/// "Not Found" for 404; empty when unknown.
std::string_view reason_phrase(int status);

}  // namespace gatehouse::http
