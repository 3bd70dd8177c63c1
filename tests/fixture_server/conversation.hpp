// A tool or prompt that asks its client, written once for both eras: a script is called for each
// round with the answers so far. A modern client gets input_required and comes back with answers
// and sealed state (R-1 … R-5); a legacy client is asked by real requests, those of one round at
// the same time, while its call waits.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fixture_server/fixture.hpp"

namespace gatehouse::fixture {

struct Question {
  std::string key;
  std::string method;
  std::string params = "{}";  ///< raw JSON object
};

/// What a script sees: valid answers of this round only, by key; `state` is what it asked with.
class Round final {
 public:
  Round(const Call& call, JsonView arguments, JsonView answers, std::string state)
      : call(call), arguments(arguments), state(std::move(state)), answers_(answers) {}

  const Call& call;
  JsonView arguments;
  std::string state;  ///< empty in the first round

  bool has(std::string_view key) const { return answers_.find(key).has_value(); }
  /// A text member of an accepted form; `otherwise` when it was declined.
  std::string form_text(std::string_view key, std::string_view member,
                        std::string_view otherwise) const;
  std::string action(std::string_view key) const;
  std::string_view content(std::string_view key) const;  ///< raw; "{}" when there is none
  std::string sampled_text(std::string_view key) const;
  std::size_t roots(std::string_view key) const;

 private:
  JsonView answer(std::string_view key) const;
  JsonView answers_;
};

struct Ask {
  std::vector<Question> questions;
  std::string state;  ///< to be sealed; empty: none is needed
};

using Script = std::variant<Reply, Ask> (*)(const Round& round);

/// Runs one round (modern) or all of them (legacy). A capability that the client did not declare:
/// -32021, or a tool error for a legacy client; answers of the wrong shape: -32602.
Task<Reply> converse(Context& context, Call& call, JsonView arguments, Script script);

/// One elicitation in form mode; `schema` is the raw requestedSchema.
Question form(std::string_view key, std::string_view message, std::string_view schema);
/// The same for one required text field.
Question text_field(std::string_view key, std::string_view message, std::string_view field);
Question sample(std::string_view key, std::string_view prompt, int max_tokens);
Question list_roots(std::string_view key);

/// What is wrong with the raw `answer` to `question`; empty: nothing.
std::string check_answer(const Question& question, JsonView answer);
/// `"inputRequests":{…}`.
std::string input_requests(const std::vector<Question>& questions);
/// The ClientCapabilities object that names what `question` needs.
std::string capability_of(const Question& question);

}  // namespace gatehouse::fixture
