// The capabilities of one connection with their texts analysed: the expensive half of an index,
// done once per catalog change. Index merges any set of these cheaply, so that ranking is right
// across connections while a change of one connection costs only its own analysis.
//
// Immutable: safe to share between threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/capability.hpp"
#include "catalog/ranking.hpp"

namespace gatehouse::catalog {

// How often a term occurs in each field of one document, in quarters, saturating: a word counts 4,
// a variant of one (see Token) counts 2.
using FieldCounts = std::array<std::uint8_t, field_count>;
inline constexpr float count_unit = 0.25f;

struct TermOccurrence {
  std::uint32_t document;  // position in capabilities()
  FieldCounts counts;
};

class ConnectionCatalog final {
 public:
  // Of several capabilities with one name the first stays.
  static std::shared_ptr<const ConnectionCatalog> make(std::vector<Capability> capabilities);

  // In order of name.
  std::span<const Capability> capabilities() const { return capabilities_; }

  // Words per field of a document, without stop words.
  using FieldLengths = std::array<std::uint16_t, field_count>;
  const FieldLengths& lengths(std::size_t document) const { return lengths_[document]; }

  std::size_t term_count() const { return term_ends_.size(); }
  std::string_view term(std::size_t id) const;
  std::span<const TermOccurrence> occurrences(std::size_t term_id) const;  // by document

 private:
  friend class CatalogBuilder;
  ConnectionCatalog() = default;

  std::vector<Capability> capabilities_;
  std::vector<FieldLengths> lengths_;
  std::string term_text_;  // all terms, one after the other
  std::vector<std::uint32_t> term_ends_;
  std::vector<TermOccurrence> occurrences_;  // of all terms, one after the other
  std::vector<std::uint32_t> occurrence_ends_;
};

}  // namespace gatehouse::catalog
