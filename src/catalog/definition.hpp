// What a capability's definition says, apart from how it is written: its digest, which pins it, and
// the difference of two. docs/decisions/0012-pinned-capabilities.md says what belongs to it and
// why. Called by upstream/ when lists arrive and by the commands that show changes. Pure; any
// proved JSON object is accepted, work is bounded by its size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::catalog {

/// Of name, title, description, inputSchema, outputSchema and annotations: "1:" and 64 hex digits.
/// Order of members, white space and string escapes make no difference; anything else does. `raw`
/// is proved.
std::string digest_of_definition(std::string_view raw);

struct DefinitionChange {
  enum class What { added, removed, changed };
  What what = What::changed;
  std::string path;  ///< "description", "inputSchema.properties.query.type"; as the server wrote it
  std::string before;  ///< raw JSON; empty when added
  std::string after;   ///< raw JSON; empty when removed
};
inline constexpr std::size_t kMostChanges = 200;

/// What the digest covers and differs, at most kMostChanges. Both are proved.
std::vector<DefinitionChange> diff_definitions(std::string_view before, std::string_view after);

struct WordRun {
  enum class What { same, removed, added };
  What what = What::same;
  std::string text;  ///< words with the white space behind each
};
/// The words of two texts side by side. Texts of more than 600 words beyond their common start and
/// end are shown as one removal and one addition.
std::vector<WordRun> diff_words(std::string_view before, std::string_view after);

}  // namespace gatehouse::catalog
