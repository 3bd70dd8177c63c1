// The tools of the multi-round-trip scenarios (SEP-2322) and those that need sampling.
#include "fixture_server/conversation.hpp"
#include "mcp/error_codes.hpp"

namespace gatehouse::fixture {
namespace {

using Step = std::variant<Reply, Ask>;

constexpr std::string_view kConfirm =
    R"({"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]})";

bool confirmed(const Round& round) {
  return JsonView::of_proved(round.content("confirm")).boolean("ok") == true;
}

Step greet_by_name(const Round& round) {
  if (!round.has("user_name"))
    return Ask{{text_field("user_name", "What is your name?", "name")}, {}};
  return text("Hello, " + round.form_text("user_name", "name", "stranger") + "!");
}

Step ask_capital(const Round& round) {
  constexpr std::string_view kKey = "capital_question";
  if (!round.has(kKey)) return Ask{{sample(kKey, "What is the capital of France?", 100)}, {}};
  return text("Sampling result: " + round.sampled_text(kKey));
}

Step count_roots(const Round& round) {
  if (!round.has("client_roots")) return Ask{{list_roots("client_roots")}, {}};
  return text(fmt::format("Found {} root(s)", round.roots("client_roots")));
}

Step keep_state(const Round& round) {
  if (round.state.empty() || !round.has("confirm")) {
    return Ask{{form("confirm", "Please confirm", kConfirm)}, "waiting"};
  }
  return text(confirmed(round) ? "state-ok: requestState validated" : "state-ok: not confirmed");
}

Step keep_tamper_proof_state(const Round& round) {
  if (round.state.empty() || !round.has("confirm")) {
    return Ask{{form("confirm", "Please confirm", kConfirm)}, "tamper-test"};
  }
  return text("integrity-ok: state verified");
}

Step ask_three_things(const Round& round) {
  const bool all = round.has("user_name") && round.has("greeting") && round.has("client_roots");
  if (round.state.empty() || !all) {
    return Ask{{text_field("user_name", "What is your name?", "name"),
                sample("greeting", "Generate a greeting", 50), list_roots("client_roots")},
               "three"};
  }
  return text(fmt::format("Name: {}; Greeting: {}; Roots: {}",
                          round.form_text("user_name", "name", "unknown"),
                          round.sampled_text("greeting"), round.roots("client_roots")));
}

/// The state is "1", then "2" and the name.
Step ask_twice(const Round& round) {
  if (round.state.starts_with('2')) {
    if (!round.has("step2")) {
      return Ask{{text_field("step2", "Step 2: What is your favorite color?", "color")},
                 round.state};
    }
    return text(fmt::format("Multi-round complete for {} who likes {}", round.state.substr(1),
                            round.form_text("step2", "color", "nothing")));
  }
  if (round.state.empty() || !round.has("step1")) {
    return Ask{{text_field("step1", "Step 1: What is your name?", "name")}, "1"};
  }
  return Ask{{text_field("step2", "Step 2: What is your favorite color?", "color")},
             "2" + round.form_text("step1", "name", "friend")};
}

/// Asks for what this client can, and for nothing else.
Step ask_what_is_declared(const Round& round) {
  if (round.has("elicit_input") || round.has("sample_input")) {
    return text(fmt::format("capabilities-ok:{}{}", round.has("elicit_input") ? " elicitation" : "",
                            round.has("sample_input") ? " sampling" : ""));
  }
  Ask ask;
  const mcp::ClientCapabilities& can = round.call.capabilities();
  if (can.elicitation_form) {
    ask.questions.push_back(text_field("elicit_input", "Elicitation input", "value"));
  }
  if (can.sampling) ask.questions.push_back(sample("sample_input", "Sample request", 50));
  if (ask.questions.empty()) return text("No supported capabilities declared");
  ask.state = "capabilities";
  return ask;
}

Step sample_prompt(const Round& round) {
  if (!round.has("sampling")) {
    return Ask{{sample("sampling", round.arguments.string("prompt").value_or(""), 100)}, {}};
  }
  return text("LLM response: " + round.sampled_text("sampling"));
}

/// The script is part of the type, so that it fits the table of tools.
template <Step (*script)(const Round&)>
Task<Reply> run(Context& context, Call& call, JsonView arguments) {
  return converse(context, call, arguments, script);
}

/// Needs sampling. A modern client hears what is missing; a legacy client is asked whatever it
/// declared, as many servers of that era do (the SDK 1.x checks only when told to).
Task<Reply> need_sampling(Context&, Call& call, JsonView) {
  if (call.era() == mcp::Era::modern) {
    if (call.capabilities().sampling) co_return text("Success");
    co_return failure(mcp::kMissingRequiredClientCapability, "this tool needs sampling",
                      R"({"requiredCapabilities":{"sampling":{}}})");
  }
  const Question question = sample("sampling", "Say something", 10);
  const auto answer = co_await call.ask(question.method, question.params);
  if (!answer) co_return failure(-32603, "sampling failed: " + answer.error().detail);
  co_return text("Success");
}

}  // namespace

std::vector<Tool> asking_tools() {
  return {
      {"test_sampling", "Asks the client's model",
       R"({"type":"object","properties":{"prompt":{"type":"string","description":"The prompt to send to the LLM"}},"required":["prompt"]})",
       run<sample_prompt>},
      {"test_missing_capability", "Needs the sampling capability", kNoArguments, need_sampling},
      {"test_input_required_result_elicitation", "Asks for a name", kNoArguments,
       run<greet_by_name>},
      {"test_input_required_result_sampling", "Asks the client's model for a capital", kNoArguments,
       run<ask_capital>},
      {"test_input_required_result_list_roots", "Counts the client's roots", kNoArguments,
       run<count_roots>},
      {"test_input_required_result_request_state", "Asks for a confirmation and keeps state",
       kNoArguments, run<keep_state>},
      {"test_input_required_result_multiple_inputs", "Asks for three things at once", kNoArguments,
       run<ask_three_things>},
      {"test_input_required_result_multi_round", "Asks twice, one after the other", kNoArguments,
       run<ask_twice>},
      {"test_input_required_result_tampered_state", "Refuses state that it did not make",
       kNoArguments, run<keep_tamper_proof_state>},
      {"test_input_required_result_capabilities", "Asks for what the client declared", kNoArguments,
       run<ask_what_is_declared>},
  };
}

}  // namespace gatehouse::fixture
