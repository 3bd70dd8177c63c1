// Writing the JSON that `--json` prints. Pure. Raw values are proved JSON and stay as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace gatehouse::cli {

class JsonObject final {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  /// Left out when empty.
  JsonObject& text_if(std::string_view name, std::string_view value);
  JsonObject& texts(std::string_view name, const std::vector<std::string>& values);
  JsonObject& number(std::string_view name, std::int64_t value);
  JsonObject& flag(std::string_view name, bool value);
  /// RFC 3339; left out when there is none.
  JsonObject& time(std::string_view name, const std::optional<SystemTime>& value);
  JsonObject& raw(std::string_view name, std::string_view json);
  std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string& member(std::string_view name);
  std::string members_;
};

/// "[a,b]" of raw values.
std::string json_array(const std::vector<std::string>& raw_values);

/// Proved JSON with two spaces of indentation per level, for people.
std::string pretty_json(std::string_view raw);

}  // namespace gatehouse::cli
