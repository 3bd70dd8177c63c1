#include "cli/nearest.hpp"

#include <algorithm>
#include <vector>

#include "base/encoding.hpp"

namespace gatehouse::cli {
namespace {

// Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

constexpr std::size_t kLongestWord = 128;  // longer ones are no slips of the finger

}  // namespace

std::optional<std::string> find_nearest(std::string_view typed,
                                        std::span<const std::string> words) {
  if (typed.empty() || typed.size() > kLongestWord) return std::nullopt;
  const std::string wanted = ascii_lower(typed);
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& word : words) {
    if (word.empty() || word.size() > kLongestWord) continue;
    const std::string lower = ascii_lower(word);
    const std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
    const bool begins = wanted.size() >= 3 && lower.starts_with(wanted);
    const std::size_t cost = begins ? 1 : distance(wanted, lower);
    if (cost > allowed || (best && cost >= best_distance)) continue;
    best = word;
    best_distance = cost;
  }
  return best;
}

std::string suggestion(std::string_view typed, std::span<const std::string> words) {
  const std::optional<std::string> word = find_nearest(typed, words);
  return word ? " Did you mean \"" + *word + "\"?" : std::string();
}

}  // namespace gatehouse::cli
