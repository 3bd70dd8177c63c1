// JSON Schema 2020-12 for a tool's arguments: compiled once per tool, run on every call (B-10).
// Network references are never fetched: a schema that needs one is refused. Depth, number of
// subschemas and work per validation are bounded. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::mcp {

struct SchemaProblem {
  std::string path;     ///< JSON pointer below the root name: "/arguments/repo"
  std::string message;  ///< "must be a string, is a number"
};

/// "/arguments/repo: must be a string, is a number" joined by "; ".
std::string describe(const std::vector<SchemaProblem>& problems);

/// What a null member of the outermost object is where its schema asks for something else and does
/// not require it: a value like any other, or the same as leaving it out.
enum class Nulls { values, left_out };

class Schema final {
 public:
  /// `raw_schema` is proved JSON. Other dialects than 2020-12 (and draft-07, whose `definitions`,
  /// `dependencies` and array `items` are read too) and unresolved references are errors:
  /// unsupported and invalid_argument, naming the place.
  static Result<std::unique_ptr<Schema>> compile(std::string_view raw_schema);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  /// Problems of proved `raw_value`, at most `max_problems`; empty means valid. `root` starts every
  /// path. When the work bound is hit, that is the problem reported.
  std::vector<SchemaProblem> validate(std::string_view raw_value,
                                      std::string_view root = "/arguments",
                                      std::size_t max_problems = 5,
                                      Nulls nulls = Nulls::values) const;
  /// validate() for a tool's arguments: many clients send null for an optional one that is absent.
  std::vector<SchemaProblem> check_arguments(std::string_view raw_arguments) const {
    return validate(raw_arguments, "/arguments", 5, Nulls::left_out);
  }

  /// Keywords that are present but not checked (a pattern we cannot run in linear time, an unknown
  /// format is not among them): for a warning.
  const std::vector<std::string>& unchecked() const;

 private:
  struct Program;
  explicit Schema(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace gatehouse::mcp
