// A capability: one tool of one connection as agents see it (design.md §2).
//
// The upstream layer makes it from a tools/list answer, the gateway shows it and resolves names to
// it. Schemas and annotations stay the raw JSON text the server sent: nothing is re-serialised.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::catalog {

enum class Risk { read, write, destructive };

std::string_view to_string(Risk risk);

// From a tool's annotations: readOnlyHint makes it `read`, otherwise destructiveHint makes it
// `destructive`. What says nothing, or cannot be read, is `write`. Annotations are the server's own
// claim: good enough to show and to choose a confirmation, never a permission.
Risk risk_of_annotations(std::string_view annotations_json);

struct Capability {
  std::string connection;
  std::string tool;           // the server's name for it
  std::string name;           // "<connection>.<tool>"; does not depend on other connections
  std::string title;          // may be empty
  std::string description;    // may be empty
  std::string input_schema;   // raw JSON
  std::string output_schema;  // raw JSON, empty when the tool has none
  std::string annotations;    // raw JSON, empty when the tool has none
  Risk risk = Risk::write;
};

std::string capability_name(std::string_view connection, std::string_view tool);

// The first sentence of a description, for lists: up to a full stop before a space, a CJK full stop
// or a line break, and at most `max_bytes`, cut between characters.
std::string_view first_sentence(std::string_view description, std::size_t max_bytes = 512);

struct ParameterText {
  std::string name;
  std::string description;  // its description and the words of its enum; may be empty
};

struct SchemaTextLimits {
  std::size_t max_bytes = 256 * 1024;  // a larger schema is not read at all
  std::size_t max_depth = 4;           // nested objects and arrays whose parameters are named
  std::size_t max_parameters = 200;
  std::size_t max_text_bytes = 1024;  // of one description
};

// The parameters an input schema describes, outermost first in the schema's order. Any JSON is
// accepted: what is not shaped like a schema describes no parameters. References are not followed.
std::vector<ParameterText> find_parameter_texts(std::string_view input_schema,
                                                const SchemaTextLimits& limits = {});

}  // namespace gatehouse::catalog
