// Words that carry no meaning for search. Called by text_analysis with folded, unstemmed words.
#pragma once

#include <string_view>

namespace gatehouse::catalog {

// English function words and the words of a request itself ("please", "want", "need"), which are
// rare in descriptions of tools and would otherwise weigh like names.
bool is_stop_word(std::string_view folded);

}  // namespace gatehouse::catalog
