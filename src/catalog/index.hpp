// Ranked search over the capabilities of several connections.
//
// Made by the gateway from the catalogs it may show, and replaced as a whole when one of them
// changes; making one merges what ConnectionCatalog analysed. Immutable: safe to share between
// threads; the capabilities it returns live as long as it does. Scores are BM25F with global
// document frequencies (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009), computed
// when the index is made, so that a search only adds up numbers.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "catalog/capability.hpp"
#include "catalog/connection_catalog.hpp"
#include "catalog/ranking.hpp"

namespace gatehouse::catalog {

// Which capabilities a search may return: any callable from const Capability& to bool, borrowed for
// the duration of the call. Without one everything is visible.
class Visibility {
 public:
  Visibility() = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Visibility> &&
             std::predicate<const F&, const Capability&>)
  Visibility(const F& visible)  // NOLINT(google-explicit-constructor): a parameter, like a view
      : callable_{&visible}, call_{[](const void* callable, const Capability& capability) -> bool {
          return (*static_cast<const F*>(callable))(capability);
        }} {}

  bool operator()(const Capability& capability) const {
    return call_ == nullptr || call_(callable_, capability);
  }

 private:
  const void* callable_ = nullptr;
  bool (*call_)(const void*, const Capability&) = nullptr;
};

struct SearchOptions {
  std::size_t limit = 10;
  std::string_view connection = {};  // only this connection, when not empty
  Visibility visible = {};
};

struct Hit {
  const Capability* capability;
  float score;  // comparable within one answer only; 0 when the query is empty
};

class Index final {
 public:
  // Of several capabilities with one name, that of the first catalog stays.
  explicit Index(std::vector<std::shared_ptr<const ConnectionCatalog>> catalogs = {},
                 const Ranking& ranking = {});

  // Best first; equal scores in order of name. A query without words lists everything by name. The
  // full name of a capability puts it first. If its last word occurs nowhere, it is taken as
  // the beginning of words that do. Reads the first 4 KiB of the query.
  std::vector<Hit> search(std::string_view query, const SearchOptions& options = {}) const;

  // By full name ("<connection>.<tool>"), exactly. Null when there is none.
  const Capability* find(std::string_view name) const;

  std::size_t size() const { return documents_.size(); }

 private:
  friend class IndexBuilder;

  struct Posting {
    std::uint32_t document : 31;
    std::uint32_t in_name : 1;
    float impact;  // what this term adds to this document's score
  };
  struct QueryTerm {
    std::uint32_t term;
    float weight;
  };
  struct Candidate {
    float score;
    std::uint32_t document;
  };
  using QueryTerms = std::vector<QueryTerm>;

  QueryTerms query_terms(std::string_view query) const;
  bool add_term(QueryTerms& terms, std::string_view term, float weight) const;
  void add_prefix(QueryTerms& terms, std::string_view prefix) const;
  std::vector<Candidate> score(std::string_view query, const QueryTerms& terms) const;
  std::vector<Hit> list(const SearchOptions& options) const;

  std::size_t document_number(std::string_view name) const;  // size() when there is none
  std::size_t first_term_from(std::string_view term) const;
  std::string_view term(std::size_t id) const;

  Ranking ranking_;
  std::vector<std::shared_ptr<const ConnectionCatalog>> catalogs_;
  std::vector<const Capability*> documents_;  // in order of name
  std::vector<float> name_weights_;           // by document: the weights of its name's terms, added
  std::string term_text_;                     // all terms in order, one after the other
  std::vector<std::uint32_t> term_ends_;
  std::vector<float> term_weights_;  // inverse document frequency
  std::vector<Posting> postings_;    // of all terms, one after the other
  std::vector<std::uint32_t> posting_ends_;
};

}  // namespace gatehouse::catalog
