// Makes an Index: numbers the documents, merges the terms of all catalogs and computes what each
// occurrence adds to a score. Work is linear in the occurrences, plus sorting names and terms.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "catalog/index.hpp"

namespace gatehouse::catalog {

class IndexBuilder {
 public:
  explicit IndexBuilder(Index& index) : index_{index} {}

  void build() {
    number_documents();
    average_lengths();
    collect_terms();
    write_terms();
  }

 private:
  using Number = std::uint32_t;
  static constexpr Number shadowed = std::numeric_limits<Number>::max();

  struct Source {
    const ConnectionCatalog* catalog;
    std::vector<Number> numbers;  // a document's number here, by its position there
  };
  struct Place {  // a term of a catalog
    std::string_view term;
    Number source;
    Number id;
  };

  void number_documents() {
    struct Entry {
      std::string_view name;
      Number source;
      Number position;
      auto operator<=>(const Entry&) const = default;
    };
    std::vector<Entry> entries;
    for (Number s = 0; s < index_.catalogs_.size(); ++s) {
      const ConnectionCatalog& catalog = *index_.catalogs_[s];
      const std::size_t count = catalog.capabilities().size();
      sources_.push_back({&catalog, std::vector<Number>(count, shadowed)});
      for (Number p = 0; p < count; ++p) entries.push_back({catalog.capabilities()[p].name, s, p});
    }
    std::ranges::sort(entries);
    auto& documents = index_.documents_;
    for (const Entry& entry : entries) {
      if (!documents.empty() && documents.back()->name == entry.name) continue;
      Source& source = sources_[entry.source];
      source.numbers[entry.position] = static_cast<Number>(documents.size());
      documents.push_back(&source.catalog->capabilities()[entry.position]);
    }
    assert(documents.size() < (1u << 31));  // Posting::document
    index_.name_weights_.assign(documents.size(), 0);
  }

  // Of each field, over the documents that have it: most tools have no title, and a field that is
  // usually empty must not make every text in it look long.
  void average_lengths() {
    std::array<double, field_count> sums{};
    std::array<double, field_count> counts{};
    for (const Source& source : sources_) {
      for (std::size_t p = 0; p < source.numbers.size(); ++p) {
        if (source.numbers[p] == shadowed) continue;
        const auto& lengths = source.catalog->lengths(p);
        for (std::size_t f = 0; f < field_count; ++f) {
          sums[f] += lengths[f];
          counts[f] += lengths[f] > 0 ? 1 : 0;
        }
      }
    }
    for (std::size_t f = 0; f < field_count; ++f) {
      averages_[f] = counts[f] > 0 ? static_cast<float>(sums[f] / counts[f]) : 1;
    }
  }

  // All terms of all catalogs, equal ones side by side. Grouped by hash first: sorting only the
  // distinct terms is several times faster than sorting them all.
  void collect_terms() {
    std::unordered_map<std::string_view, Number> ids;
    std::vector<std::string_view> terms;
    std::vector<std::pair<Number, Place>> found;
    for (Number s = 0; s < sources_.size(); ++s) {
      const ConnectionCatalog& catalog = *sources_[s].catalog;
      for (Number t = 0; t < catalog.term_count(); ++t) {
        const std::string_view term = catalog.term(t);
        const auto [entry, is_new] = ids.try_emplace(term, static_cast<Number>(terms.size()));
        if (is_new) terms.push_back(entry->first);
        found.push_back({entry->second, {term, s, t}});
      }
    }
    std::vector<Number> order(terms.size());
    for (Number i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](Number i) { return terms[i]; });
    std::vector<Number> rank(terms.size());
    for (Number i = 0; i < order.size(); ++i) rank[order[i]] = i;

    std::vector<Number> next(terms.size() + 1, 0);  // counting sort by rank; stays in source order
    for (const auto& [id, place] : found) ++next[rank[id] + 1];
    for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
    places_.resize(found.size());
    for (const auto& [id, place] : found) places_[next[rank[id]]++] = place;
  }

  void write_terms() {
    for (std::size_t begin = 0; begin < places_.size();) {
      std::size_t end = begin + 1;
      while (end < places_.size() && places_[end].term == places_[begin].term) ++end;
      write_term({places_.begin() + static_cast<std::ptrdiff_t>(begin), end - begin});
      begin = end;
    }
  }

  void write_term(std::span<const Place> places) {
    constexpr std::uint8_t one_word = 4;  // of FieldCounts: more than a variant of a word
    auto& postings = index_.postings_;
    const std::size_t begin = postings.size();
    for (const Place& place : places) {
      const Source& source = sources_[place.source];
      for (const TermOccurrence& occurrence : source.catalog->occurrences(place.id)) {
        const Number document = source.numbers[occurrence.document];
        if (document == shadowed) continue;
        const bool in_name = occurrence.counts[static_cast<std::size_t>(Field::name)] >= one_word;
        postings.push_back({document, in_name, saturated(occurrence, source)});
      }
    }
    if (postings.size() == begin) return;  // each document that has it is shadowed

    const auto documents = static_cast<float>(index_.documents_.size());
    const auto having = static_cast<float>(postings.size() - begin);
    const float weight = std::log(1 + (documents - having + 0.5f) / (having + 0.5f));
    for (Index::Posting& posting : std::span{postings}.subspan(begin)) {
      posting.impact *= weight;
      if (posting.in_name) index_.name_weights_[posting.document] += weight;
    }
    index_.term_text_ += places.front().term;
    index_.term_ends_.push_back(static_cast<Number>(index_.term_text_.size()));
    index_.term_weights_.push_back(weight);
    index_.posting_ends_.push_back(static_cast<Number>(postings.size()));
  }

  // The term's frequency over the weighted fields, between 0 and 1.
  float saturated(const TermOccurrence& occurrence, const Source& source) const {
    const auto& lengths = source.catalog->lengths(occurrence.document);
    float frequency = 0;
    for (std::size_t f = 0; f < field_count; ++f) {
      if (occurrence.counts[f] == 0) continue;
      const auto [weight, effect] = index_.ranking_.fields[f];
      const float length = std::max<float>(lengths[f], 1);  // 0: nothing but stop words
      const float count = count_unit * static_cast<float>(occurrence.counts[f]);
      frequency += weight * count / (1 - effect + effect * length / averages_[f]);
    }
    return frequency / (frequency + index_.ranking_.saturation);
  }

  Index& index_;
  std::vector<Source> sources_;
  std::array<float, field_count> averages_{};
  std::vector<Place> places_;
};

Index::Index(std::vector<std::shared_ptr<const ConnectionCatalog>> catalogs, const Ranking& ranking)
    : ranking_{ranking}, catalogs_{std::move(catalogs)} {
  IndexBuilder{*this}.build();
}

}  // namespace gatehouse::catalog
