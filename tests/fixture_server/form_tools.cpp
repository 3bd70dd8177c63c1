// The tools of the elicitation scenarios: a plain form, defaults (SEP-1034), choices (SEP-1330).
#include "fixture_server/conversation.hpp"

namespace gatehouse::fixture {
namespace {

using Step = std::variant<Reply, Ask>;

constexpr std::string_view kPerson =
    R"J({"type":"object","properties":{)J"
    R"J("username":{"type":"string","description":"User's response"},)J"
    R"J("email":{"type":"string","format":"email","description":"User's email address"}},)J"
    R"J("required":["username","email"]})J";

constexpr std::string_view kDefaults =
    R"J({"type":"object","properties":{)J"
    R"J("name":{"type":"string","description":"User name","default":"John Doe"},)J"
    R"J("age":{"type":"integer","description":"User age","default":30},)J"
    R"J("score":{"type":"number","description":"User score","default":95.5},)J"
    R"J("status":{"type":"string","description":"User status",)J"
    R"J("enum":["active","inactive","pending"],"default":"active"},)J"
    R"J("verified":{"type":"boolean","description":"Verification status","default":true}},)J"
    R"J("required":[]})J";

constexpr std::string_view kChoices =
    R"J({"type":"object","properties":{)J"
    R"J("untitledSingle":{"type":"string","description":"Select one option",)J"
    R"J("enum":["option1","option2","option3"]},)J"
    R"J("titledSingle":{"type":"string","description":"Select one option with titles","oneOf":[)J"
    R"J({"const":"value1","title":"First Option"},{"const":"value2","title":"Second Option"},)J"
    R"J({"const":"value3","title":"Third Option"}]},)J"
    R"J("legacyEnum":{"type":"string","description":"Select one option (legacy)",)J"
    R"J("enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},)J"
    R"J("untitledMulti":{"type":"array","description":"Select multiple options",)J"
    R"J("minItems":1,"maxItems":3,)J"
    R"J("items":{"type":"string","enum":["option1","option2","option3"]}},)J"
    R"J("titledMulti":{"type":"array","description":"Select multiple options with titles",)J"
    R"J("minItems":1,"maxItems":3,"items":{"anyOf":[)J"
    R"J({"const":"value1","title":"First Choice"},{"const":"value2","title":"Second Choice"},)J"
    R"J({"const":"value3","title":"Third Choice"}]}}},)J"
    R"J("required":[]})J";

std::string outcome(const Round& round) {
  return fmt::format("action={}, content={}", round.action("form"), round.content("form"));
}

Step ask_person(const Round& round) {
  if (round.has("form")) return text("User response: " + outcome(round));
  return Ask{{form("form", round.arguments.string("message").value_or(""), kPerson)}, {}};
}

Step ask_with_defaults(const Round& round) {
  if (round.has("form")) return text("Elicitation completed: " + outcome(round));
  return Ask{{form("form", "Please review and update the form fields with defaults", kDefaults)},
             {}};
}

Step ask_choices(const Round& round) {
  if (round.has("form")) return text("Elicitation completed: " + outcome(round));
  return Ask{{form("form", "Please select options from the enum fields", kChoices)}, {}};
}

template <Step (*script)(const Round&)>
Task<Reply> run(Context& context, Call& call, JsonView arguments) {
  return converse(context, call, arguments, script);
}

}  // namespace

std::vector<Tool> form_tools() {
  return {
      {"test_elicitation", "Asks the person for a name and an address",
       R"({"type":"object","properties":{"message":{"type":"string","description":"The message to show the user"}},"required":["message"]})",
       run<ask_person>},
      {"test_elicitation_sep1034_defaults", "A form with a default for each primitive type",
       kNoArguments, run<ask_with_defaults>},
      {"test_elicitation_sep1330_enums", "A form with the five shapes of choices", kNoArguments,
       run<ask_choices>},
  };
}

}  // namespace gatehouse::fixture
