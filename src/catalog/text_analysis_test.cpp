#include "catalog/text_analysis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/stop_words.hpp"

namespace gatehouse::catalog {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Words as they are, variants in parentheses, stop words left out.
std::vector<std::string> terms(std::string_view text, const AnalysisLimits& limits = {}) {
  std::vector<std::string> found;
  for (const Token& token : TextAnalyzer{}.analyze(text, limits)) {
    if (token.stop_word) continue;
    const bool word = token.kind == Token::Kind::word;
    found.push_back(word ? token.term : "(" + token.term + ")");
  }
  return found;
}

TEST(TextAnalysis, folds_case_and_stems_english_words) {
  EXPECT_THAT(terms("Listing REPOSITORIES, created"), ElementsAre("list", "repositori", "creat"));
}

TEST(TextAnalysis, splits_identifiers_and_keeps_them_in_one_piece) {
  EXPECT_THAT(terms("pull_request"), ElementsAre("pull", "request", "(pullrequest)"));
  EXPECT_THAT(terms("pull-request"), ElementsAre("pull", "request", "(pullrequest)"));
  EXPECT_THAT(terms("pullRequest"), ElementsAre("pull", "request", "(pullrequest)"));
  EXPECT_THAT(terms("github.pull"), ElementsAre("github", "pull", "(githubpul)"));
}

TEST(TextAnalysis, splits_acronyms_from_the_word_that_follows) {
  EXPECT_THAT(terms("HTTPServer"), ElementsAre("http", "server", "(httpserver)"));
  EXPECT_THAT(terms("parseJSONFile"), ElementsAre("pars", "json", "file", "(parsejsonfil)"));
  EXPECT_THAT(terms("listURLs"), ElementsAre("list", "url", "(listurl)"));
}

TEST(TextAnalysis, keeps_digits_with_the_letters_before_them) {
  EXPECT_THAT(terms("s3"), ElementsAre("s3"));
  EXPECT_THAT(terms("oauth2"), ElementsAre("oauth2", "(oauth)"));
  EXPECT_THAT(terms("2fa"), ElementsAre("2", "fa", "(2fa)"));
  EXPECT_THAT(terms("getS3Object"), ElementsAre("s3", "object", "(gets3object)"));
}

TEST(TextAnalysis, finds_email_in_e_mail) {
  EXPECT_THAT(terms("e-mail"), ElementsAre("mail", "(email)"));
}

TEST(TextAnalysis, drops_possessives_and_contractions) {
  EXPECT_THAT(terms("the user's repo"), ElementsAre("user", "repo"));
  EXPECT_THAT(terms("user’s"), ElementsAre("user"));
  EXPECT_THAT(terms("O'Reilly"), ElementsAre("reilli", "(oreilli)"));
}

TEST(TextAnalysis, takes_full_stops_at_the_end_of_a_sentence_as_ends) {
  EXPECT_THAT(terms("Send mail... Open. -Close-"), ElementsAre("send", "mail", "open", "close"));
}

TEST(TextAnalysis, folds_latin_diacritics_precomposed_or_combining) {
  EXPECT_THAT(terms("Café"), ElementsAre("cafe"));
  EXPECT_THAT(terms("Cafe\xCC\x81"), ElementsAre("cafe"));
  EXPECT_THAT(terms("Straße Ærø Łódź Điện"), ElementsAre("strass", "aero", "lodz", "dien"));
}

TEST(TextAnalysis, keeps_other_scripts_and_folds_their_case) {
  EXPECT_THAT(terms("Погода МОСКВА"), ElementsAre("погода", "москва"));
  EXPECT_THAT(terms("ΚΑΙΡΟΣ καιρος"), ElementsAre("καιροσ", "καιροσ"));
}

TEST(TextAnalysis, makes_pairs_of_scripts_without_spaces) {
  EXPECT_THAT(terms("查询天气"), ElementsAre("查询", "询天", "天气"));
  EXPECT_THAT(terms("按ID查"), ElementsAre("按", "id", "查"));
  EXPECT_THAT(terms("날씨 검색"), ElementsAre("날씨", "검색"));
}

TEST(TextAnalysis, reads_full_width_letters_as_ascii) {
  EXPECT_THAT(terms("ＡＰＩ２"), ElementsAre("api2", "(api)"));
}

TEST(TextAnalysis, marks_stop_words_and_leaves_them_unstemmed) {
  const auto tokens = TextAnalyzer{}.analyze("please");
  ASSERT_THAT(tokens, SizeIs(1));
  EXPECT_EQ(tokens[0], (Token{"please", Token::Kind::word, true}));
  EXPECT_TRUE(is_stop_word("the"));
  EXPECT_FALSE(is_stop_word("issue"));
}

TEST(TextAnalysis, takes_malformed_bytes_as_separators) {
  EXPECT_THAT(terms("mail\xFFqueue"), ElementsAre("mail", "queue"));
  EXPECT_THAT(terms("mail\xC0\xAFqueue"), ElementsAre("mail", "queue"));      // overlong
  EXPECT_THAT(terms("mail\xED\xA0\x80queue"), ElementsAre("mail", "queue"));  // surrogate
  EXPECT_THAT(terms("mail\xE2\x82"), ElementsAre("mail"));                    // cut short
}

TEST(TextAnalysis, of_nothing_but_punctuation_is_empty) {
  EXPECT_THAT(terms(""), IsEmpty());
  EXPECT_THAT(terms(" .-_'’!?🙂"), IsEmpty());
}

TEST(TextAnalysis, is_bounded_in_bytes_tokens_and_length_of_words) {
  EXPECT_THAT(terms("alpha beta", {.max_text_bytes = 5}), ElementsAre("alpha"));
  EXPECT_THAT(terms("alpha beta gamma", {.max_tokens = 2}), ElementsAre("alpha", "beta"));
  EXPECT_THAT(terms("zzzzzz", {.max_word_characters = 4}), ElementsAre("zzzz", "zz"));
  EXPECT_LE(TextAnalyzer{}.analyze(std::string(1'000'000, 'x')).size(), 2048u);
}

TEST(TextAnalysis, emits_a_joined_form_once) {
  EXPECT_THAT(terms("aB_cD"), Contains("(abcd)").Times(1));
}

}  // namespace
}  // namespace gatehouse::catalog
