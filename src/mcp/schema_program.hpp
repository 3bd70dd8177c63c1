// What a schema compiles to. Private to schema.cpp, schema_compiler.cpp and schema_validator.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/json_tree.hpp"
#include "mcp/pattern.hpp"
#include "mcp/schema.hpp"

namespace gatehouse::mcp {

struct SchemaNode {
  using Index = std::uint32_t;
  using Named = std::vector<std::pair<std::string, Index>>;

  static constexpr std::uint8_t kInteger = 1 << 6;  // beside 1 << JsonKind
  bool never = false;                               ///< the schema `false`
  std::uint8_t types = 0;                           ///< bits; 0: any

  Named properties;
  std::vector<std::pair<Pattern, Index>> pattern_properties;
  std::vector<std::string> required;
  std::optional<Index> additional_properties, property_names, unevaluated_properties;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  Named dependent_schemas;
  std::optional<std::size_t> min_properties, max_properties;

  std::vector<Index> prefix_items;
  std::optional<Index> items, contains, unevaluated_items;
  std::optional<std::size_t> min_items, max_items, min_contains, max_contains;
  bool unique_items = false;

  std::optional<double> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;

  std::optional<std::size_t> min_length, max_length;
  std::optional<Pattern> pattern;
  std::string pattern_text;
  std::string format;

  std::vector<std::unique_ptr<JsonTree>> allowed;  ///< enum, or the one value of const
  bool has_allowed = false;

  std::optional<Index> ref, not_, if_, then_, else_;
  std::vector<Index> all_of, any_of, one_of;
};

struct Schema::Program {
  std::string source;  ///< the trees of `allowed` borrow it
  std::vector<SchemaNode> nodes;
  std::vector<std::string> unchecked;
};

/// Errors: see Schema::compile.
Result<void> compile_schema(std::string source, std::string& kept_source,
                            std::vector<SchemaNode>& nodes, std::vector<std::string>& unchecked);

std::vector<SchemaProblem> run_schema(const std::vector<SchemaNode>& nodes, const JsonTree& value,
                                      std::string_view root, std::size_t max_problems, Nulls nulls);

}  // namespace gatehouse::mcp
