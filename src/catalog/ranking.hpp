// The numbers of the ranking function, in one place. Where they come from and what was measured:
// docs/decisions/0004-capability-search.md.
#pragma once

#include <array>
#include <cstddef>

namespace gatehouse::catalog {

// What a capability's text consists of. `summary` is the first sentence of the description,
// `description` the rest.
enum class Field {
  name,
  connection,
  title,
  summary,
  description,
  parameter_name,
  parameter_description
};
inline constexpr std::size_t field_count = 7;

struct FieldWeight {
  float weight;         // how much an occurrence here counts
  float length_effect;  // BM25's b: 0, length does not matter; 1, counts are per relative length
};

struct Ranking {
  std::array<FieldWeight, field_count> fields{{
      {1.5f, 0.3f},   // name
      {1.0f, 0.3f},   // connection
      {1.5f, 0.3f},   // title
      {2.0f, 0.5f},   // summary
      {0.8f, 0.75f},  // description
      {0.6f, 0.5f},   // parameter_name
      {0.5f, 0.75f},  // parameter_description
  }};
  float saturation = 0.8f;      // BM25's k1: how soon further occurrences stop counting
  float name_coverage = 0.75f;  // up to this much more for a name all of whose words are asked for
  float variant = 0.6f;         // weight in a query of joined words ("web hook" as webhook)
  float number = 0.2f;          // weight in a query of a word of digits: mostly an argument
  float prefix = 0.5f;          // weight of the words that an unfinished last word begins
};

}  // namespace gatehouse::catalog
