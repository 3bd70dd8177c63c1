#include "catalog/stop_words.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace gatehouse::catalog {
namespace {

// Sorted, so that it can be searched; the assertion below keeps it so.
constexpr auto stop_words = std::to_array<std::string_view>({
    "a",        "able",       "about",    "above",     "after",     "again",      "all",
    "allow",    "allows",     "also",     "am",        "an",        "and",        "any",
    "anyone",   "anything",   "are",      "as",        "assist",    "assistance", "at",
    "be",       "because",    "been",     "before",    "being",     "below",      "between",
    "both",     "but",        "by",       "can",       "cannot",    "could",      "curious",
    "did",      "do",         "does",     "doing",     "don",       "done",       "during",
    "each",     "else",       "etc",      "ever",      "every",     "few",        "for",
    "from",     "further",    "get",      "gets",      "getting",   "give",       "given",
    "go",       "going",      "got",      "had",       "has",       "have",       "having",
    "he",       "hello",      "help",     "her",       "here",      "hers",       "hey",
    "hi",       "him",        "his",      "how",       "however",   "i",          "if",
    "in",       "interested", "into",     "is",        "it",        "its",        "itself",
    "just",     "know",       "let",      "like",      "ll",        "looking",    "made",
    "make",     "makes",      "making",   "many",      "may",       "me",         "might",
    "mine",     "more",       "most",     "much",      "must",      "my",         "myself",
    "need",     "needed",     "needs",    "no",        "nor",       "not",        "now",
    "of",       "off",        "on",       "once",      "only",      "onto",       "or",
    "other",    "our",        "ours",     "out",       "over",      "own",        "please",
    "provide",  "provided",   "provides", "providing", "re",        "s",          "same",
    "shall",    "she",        "should",   "so",        "some",      "someone",    "something",
    "specific", "such",       "t",        "tell",      "than",      "thank",      "thanks",
    "that",     "the",        "their",    "them",      "then",      "there",      "these",
    "they",     "this",       "those",    "through",   "to",        "too",        "trying",
    "under",    "until",      "up",       "upon",      "us",        "use",        "used",
    "using",    "ve",         "very",     "via",       "want",      "wanted",     "wants",
    "was",      "we",         "were",     "what",      "when",      "where",      "whether",
    "which",    "while",      "who",      "whom",      "whose",     "why",        "will",
    "with",     "within",     "without",  "wonder",    "wondering", "would",      "you",
    "your",     "yours",
});
static_assert(std::ranges::is_sorted(stop_words));

}  // namespace

bool is_stop_word(std::string_view folded) {
  return std::ranges::binary_search(stop_words, folded);
}

}  // namespace gatehouse::catalog
