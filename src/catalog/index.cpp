#include "catalog/index.hpp"

#include <algorithm>
#include <span>

#include "catalog/text_analysis.hpp"

namespace gatehouse::catalog {
namespace {

constexpr AnalysisLimits query_limits{.max_text_bytes = 4096, .max_tokens = 256};
constexpr std::size_t shortest_prefix = 3;  // bytes; one character of a script without spaces
constexpr std::size_t max_prefix_terms = 16;

bool is_number(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::vector<Hit> Index::search(std::string_view query, const SearchOptions& options) const {
  query = trimmed(query);
  if (query.empty()) return list(options);
  std::vector<Candidate> candidates = score(query, query_terms(query));

  // A heap, because only the best few are taken: `visible` is asked about those alone.
  const auto worse = [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score < b.score : a.document > b.document;
  };
  std::ranges::make_heap(candidates, worse);
  std::vector<Hit> hits;
  while (hits.size() < options.limit && !candidates.empty()) {
    std::ranges::pop_heap(candidates, worse);
    const Candidate best = candidates.back();
    candidates.pop_back();
    const Capability& capability = *documents_[best.document];
    if (!options.connection.empty() && capability.connection != options.connection) continue;
    if (options.visible(capability)) hits.push_back({&capability, best.score});
  }
  return hits;
}

const Capability* Index::find(std::string_view name) const {
  const std::size_t number = document_number(name);
  return number < documents_.size() ? documents_[number] : nullptr;
}

std::vector<Hit> Index::list(const SearchOptions& options) const {
  std::vector<Hit> hits;
  for (const Capability* capability : documents_) {
    if (hits.size() >= options.limit) break;
    if (!options.connection.empty() && capability->connection != options.connection) continue;
    if (options.visible(*capability)) hits.push_back({capability, 0});
  }
  return hits;
}

// Each word counts once, however often it is said: long requests repeat their subject matter. Stop
// words count when there is nothing else.
Index::QueryTerms Index::query_terms(std::string_view query) const {
  const std::vector<Token> tokens = TextAnalyzer{}.analyze(query, query_limits);
  QueryTerms terms;
  std::string previous;
  bool last_is_known = true;
  for (const Token& token : tokens) {
    if (token.stop_word) continue;
    if (token.kind == Token::Kind::variant) {
      add_term(terms, token.term, ranking_.variant);
      continue;
    }
    last_is_known = add_term(terms, token.term, is_number(token.term) ? ranking_.number : 1);
    if (!previous.empty()) add_term(terms, previous + token.term, ranking_.variant);
    previous = token.term;
  }
  if (!last_is_known) add_prefix(terms, previous);
  if (!terms.empty()) return terms;
  for (const Token& token : tokens) add_term(terms, token.term, 1);
  return terms;
}

bool Index::add_term(QueryTerms& terms, std::string_view wanted, float weight) const {
  const std::size_t id = first_term_from(wanted);
  if (id == term_ends_.size() || term(id) != wanted) return false;
  const auto known = std::ranges::find(terms, id, &QueryTerm::term);
  if (known != terms.end()) {
    known->weight = std::max(known->weight, weight);
  } else {
    terms.push_back({static_cast<std::uint32_t>(id), weight});
  }
  return true;
}

// The last word may still be being typed.
void Index::add_prefix(QueryTerms& terms, std::string_view prefix) const {
  if (prefix.size() < shortest_prefix || is_number(prefix)) return;
  std::size_t id = first_term_from(prefix);
  for (std::size_t n = 0; n < max_prefix_terms && id < term_ends_.size(); ++n, ++id) {
    if (!term(id).starts_with(prefix)) return;
    add_term(terms, term(id), ranking_.prefix);
  }
}

// Every document that has a term of the query.
std::vector<Index::Candidate> Index::score(std::string_view query, const QueryTerms& terms) const {
  struct Sum {
    float score = 0;
    float name = 0;  // weights of the query's terms that occur in the name
  };
  std::vector<Sum> sums(documents_.size());
  float bound = 0;  // no document's sum exceeds it: an impact is below its term's weight
  for (const QueryTerm& wanted : terms) {
    const float term_weight = term_weights_[wanted.term];
    const std::size_t begin = wanted.term == 0 ? 0 : posting_ends_[wanted.term - 1];
    const std::size_t end = posting_ends_[wanted.term];
    for (const Posting& posting : std::span{postings_}.subspan(begin, end - begin)) {
      Sum& sum = sums[posting.document];
      sum.score += wanted.weight * posting.impact;
      if (posting.in_name) sum.name += term_weight;
    }
    bound += wanted.weight * term_weight;
  }

  const std::size_t named = document_number(query);
  std::vector<Candidate> candidates;
  for (std::uint32_t d = 0; d < sums.size(); ++d) {
    if (sums[d].score <= 0 && d != named) continue;
    const float coverage = sums[d].name > 0 ? std::min(1.0f, sums[d].name / name_weights_[d]) : 0;
    const float score = sums[d].score * (1 + ranking_.name_coverage * coverage);
    const float ahead = d == named ? 1 + bound * (1 + ranking_.name_coverage) : 0;
    candidates.push_back({score + ahead, d});
  }
  return candidates;
}

std::size_t Index::document_number(std::string_view name) const {
  const auto name_of = [](const Capability* c) -> std::string_view { return c->name; };
  const auto found = std::ranges::lower_bound(documents_, name, {}, name_of);
  const bool is_it = found != documents_.end() && (*found)->name == name;
  return is_it ? static_cast<std::size_t>(found - documents_.begin()) : documents_.size();
}

std::size_t Index::first_term_from(std::string_view wanted) const {
  std::size_t first = 0;
  std::size_t count = term_ends_.size();
  while (count > 0) {
    const std::size_t half = count / 2;
    if (term(first + half) < wanted) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

std::string_view Index::term(std::size_t id) const {
  const std::size_t begin = id == 0 ? 0 : term_ends_[id - 1];
  return std::string_view{term_text_}.substr(begin, term_ends_[id] - begin);
}

}  // namespace gatehouse::catalog
