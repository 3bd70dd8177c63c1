#include "catalog/connection_catalog.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "catalog/text_analysis.hpp"

namespace gatehouse::catalog {
namespace {

constexpr std::uint8_t word_count = 4;
constexpr std::uint8_t variant_count = 2;

// What is indexed of each text; the rest is not found by.
constexpr AnalysisLimits name_limits{.max_text_bytes = 512, .max_tokens = 64};
constexpr AnalysisLimits summary_limits{.max_text_bytes = 512, .max_tokens = 96};
constexpr AnalysisLimits description_limits{.max_text_bytes = 4096, .max_tokens = 768};
constexpr AnalysisLimits parameter_limits{.max_text_bytes = 1024, .max_tokens = 192};

}  // namespace

// Fills one catalog, document by document.
class CatalogBuilder {
 public:
  explicit CatalogBuilder(ConnectionCatalog& catalog) : catalog_{catalog} {}

  void build() {
    catalog_.lengths_.resize(catalog_.capabilities_.size());
    for (std::size_t i = 0; i < catalog_.capabilities_.size(); ++i) {
      document_ = static_cast<std::uint32_t>(i);
      add_document(catalog_.capabilities_[i]);
    }
    write_terms();
  }

 private:
  struct Seen {
    std::uint32_t term;
    TermOccurrence occurrence;
  };

  void add_document(const Capability& capability) {
    document_start_ = seen_.size();
    add(Field::name, capability.tool, name_limits);
    add(Field::connection, capability.connection, name_limits);
    add(Field::title, capability.title, name_limits);
    const std::string_view summary = first_sentence(capability.description);
    const char* rest = summary.data() + summary.size();
    const char* end = capability.description.data() + capability.description.size();
    add(Field::summary, summary, summary_limits);
    add(Field::description, {rest, static_cast<std::size_t>(end - rest)}, description_limits);
    for (const ParameterText& parameter : find_parameter_texts(capability.input_schema)) {
      add(Field::parameter_name, parameter.name, name_limits);
      add(Field::parameter_description, parameter.description, parameter_limits);
    }
    merge_document();
  }

  // Stop words count only where every word does: a tool may be called "now" or "help".
  void add(Field field, std::string_view text, const AnalysisLimits& limits) {
    const auto f = static_cast<std::size_t>(field);
    const bool is_name =
        field == Field::name || field == Field::connection || field == Field::title;
    std::uint16_t& length = catalog_.lengths_[document_][f];
    for (Token& token : analyzer_.analyze(text, limits)) {
      if (token.stop_word && !is_name) continue;
      const bool word = token.kind == Token::Kind::word;
      const bool counts = word && !token.stop_word;
      if (counts && length < std::numeric_limits<std::uint16_t>::max()) ++length;
      count(std::move(token.term), f, word ? word_count : variant_count);
    }
  }

  void count(std::string&& term, std::size_t field, std::uint8_t amount) {
    const auto [entry, is_new] =
        ids_.try_emplace(std::move(term), static_cast<std::uint32_t>(ids_.size()));
    if (is_new) terms_.push_back(&entry->first);
    Seen seen{entry->second, {document_, {}}};
    seen.occurrence.counts[field] = amount;
    seen_.push_back(seen);
  }

  // Adds up what the fields of this document said of each term.
  void merge_document() {
    const auto begin = seen_.begin() + static_cast<std::ptrdiff_t>(document_start_);
    std::sort(begin, seen_.end(), [](const Seen& a, const Seen& b) { return a.term < b.term; });
    auto out = begin;
    for (auto in = begin; in != seen_.end(); ++in) {
      if (out != begin && std::prev(out)->term == in->term) {
        FieldCounts& sum = std::prev(out)->occurrence.counts;
        for (std::size_t f = 0; f < field_count; ++f) {
          sum[f] = static_cast<std::uint8_t>(std::min<int>(
              sum[f] + in->occurrence.counts[f], std::numeric_limits<std::uint8_t>::max()));
        }
      } else {
        *out++ = *in;
      }
    }
    seen_.erase(out, seen_.end());
  }

  void write_terms() {
    std::ranges::sort(seen_, {},
                      [](const Seen& s) { return std::pair{s.term, s.occurrence.document}; });
    catalog_.occurrences_.reserve(seen_.size());
    std::size_t next = 0;
    for (std::uint32_t id = 0; id < terms_.size(); ++id) {
      catalog_.term_text_ += *terms_[id];
      catalog_.term_ends_.push_back(static_cast<std::uint32_t>(catalog_.term_text_.size()));
      for (; next < seen_.size() && seen_[next].term == id; ++next) {
        catalog_.occurrences_.push_back(seen_[next].occurrence);
      }
      catalog_.occurrence_ends_.push_back(static_cast<std::uint32_t>(catalog_.occurrences_.size()));
    }
  }

  ConnectionCatalog& catalog_;
  TextAnalyzer analyzer_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::vector<const std::string*> terms_;  // by id; keys of ids_, which do not move
  std::vector<Seen> seen_;
  std::size_t document_start_ = 0;
  std::uint32_t document_ = 0;
};

std::shared_ptr<const ConnectionCatalog> ConnectionCatalog::make(
    std::vector<Capability> capabilities) {
  std::shared_ptr<ConnectionCatalog> catalog{new ConnectionCatalog};
  std::vector<std::size_t> order(capabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) {
    return std::pair<std::string_view, std::size_t>{capabilities[i].name, i};
  });
  catalog->capabilities_.reserve(capabilities.size());
  for (std::size_t i : order) {
    auto& kept = catalog->capabilities_;
    if (kept.empty() || kept.back().name != capabilities[i].name) {
      kept.push_back(std::move(capabilities[i]));
    }
  }
  CatalogBuilder{*catalog}.build();
  return catalog;
}

std::string_view ConnectionCatalog::term(std::size_t id) const {
  const std::size_t begin = id == 0 ? 0 : term_ends_[id - 1];
  return std::string_view{term_text_}.substr(begin, term_ends_[id] - begin);
}

std::span<const TermOccurrence> ConnectionCatalog::occurrences(std::size_t term_id) const {
  const std::size_t begin = term_id == 0 ? 0 : occurrence_ends_[term_id - 1];
  return std::span{occurrences_}.subspan(begin, occurrence_ends_[term_id] - begin);
}

}  // namespace gatehouse::catalog
