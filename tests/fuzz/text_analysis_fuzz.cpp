// Any bytes as text, schema and query: analysis stays within its limits, terms are well-formed
// UTF-8, and what a capability is named is found by it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalog/index.hpp"
#include "catalog/text_analysis.hpp"
#include "catalog/unicode.hpp"

namespace {

using namespace gatehouse::catalog;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_well_formed(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (next_code_point(text, i) == 0xFFFD) return false;
  }
  return true;
}

void check_analysis(std::string_view text) {
  constexpr AnalysisLimits limits{.max_tokens = 64, .max_word_characters = 16};
  const auto tokens = TextAnalyzer{}.analyze(text, limits);
  require(tokens.size() <= limits.max_tokens);
  for (const Token& token : tokens) {
    require(!token.term.empty() && token.term.size() <= limits.max_word_characters * 4);
    require(is_well_formed(token.term));
  }
}

void check_search(std::string_view text) {
  Capability capability{.connection = "c", .tool = std::string{text.substr(0, 64)}};
  capability.name = capability_name("c", capability.tool);
  capability.description = text;
  capability.input_schema = text;
  capability.risk = risk_of_annotations(text);
  const bool begins_with_space = first_sentence(text).data() != text.data();
  require(begins_with_space || text.starts_with(first_sentence(text)));

  const Index index{{ConnectionCatalog::make({capability})}};
  for (const Hit& hit : index.search(text)) require(hit.score >= 0);
  require(index.find(capability.name) != nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_analysis(text);
  check_search(text);
  return 0;
}
