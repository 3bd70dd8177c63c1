#include "fixture_server/conversation.hpp"

#include "async/shield.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/input_required.hpp"
#include "mcp/schema.hpp"

namespace gatehouse::fixture {
namespace {

constexpr int kMaxRounds = 8;

struct Asked {
  Question question;
  gatehouse::Result<std::string> answer = fail(Errc::unavailable, "not asked");
};

Task<> ask_one(Call& call, Asked& asked) {
  asked.answer = co_await call.ask(asked.question.method, asked.question.params);
}

/// All at the same time. Cannot be cancelled: each question ends with the client or its deadline.
Task<> ask_all(Call& call, std::vector<Asked>& asked) {
  co_await ignore_cancellation();
  NullLogger log;
  TaskGroup group(co_await boost::asio::this_coro::executor, log);
  for (Asked& one : asked) group.spawn("ask", ask_one(call, one));
  co_await group.drain();
}

/// What is declared decides, not what could be sent.
const Question* find_undeclared(const Call& call, const std::vector<Question>& questions) {
  for (const Question& question : questions) {
    if (!mcp::allows(call.capabilities(), question.method, question.params)) return &question;
  }
  return nullptr;
}

/// The answers as one raw object, or what is wrong with one of them. Keys that nobody asked for
/// are left out, so that scripts never see what was not checked.
gatehouse::Result<std::string> check_answers(const Ask& ask, JsonView answers) {
  std::string out = "{";
  for (const Question& question : ask.questions) {
    const auto answer = answers.find(question.key);
    if (!answer) continue;
    if (const std::string problem = check_answer(question, *answer); !problem.empty()) {
      return fail(Errc::invalid_argument, question.key + ": " + problem);
    }
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", jsonrpc::quote(question.key),
                       answer->raw());
  }
  return out + "}";
}

/// The script alone knows what it asked in the round that `state` stands for: it is asked again.
gatehouse::Result<std::string> checked(const Call& call, JsonView arguments,
                                       const std::string& state, JsonView answers, Script script) {
  const auto before = script(Round(call, arguments, JsonView::of_proved("{}"), state));
  const Ask* ask = std::get_if<Ask>(&before);
  return ask != nullptr ? check_answers(*ask, answers) : gatehouse::Result<std::string>("{}");
}

Reply input_required(Context& context, const Call& call, const Ask& ask) {
  std::string members = R"("resultType":"input_required",)" + input_requests(ask.questions);
  if (!ask.state.empty()) {
    members += R"(,"requestState":)" + jsonrpc::quote(context.seal.seal(call.name(), ask.state));
  }
  return result(std::move(members));
}

Reply modern_round(Context& context, const Call& call, JsonView arguments, Script script) {
  std::string state;
  if (!call.request_state().empty()) {
    const auto opened = context.seal.open(call.name(), call.request_state());
    if (!opened) return failure(-32602, "requestState is not one that this server made");
    state = *opened;
  }
  std::string answers = "{}";
  if (!call.input_responses().empty()) {
    auto valid =
        checked(call, arguments, state, JsonView::of_proved(call.input_responses()), script);
    if (!valid) return failure(-32602, "inputResponses: " + valid.error().detail);
    answers = std::move(*valid);
  }
  auto next = script(Round(call, arguments, JsonView::of_proved(answers), state));
  if (auto* reply = std::get_if<Reply>(&next)) return std::move(*reply);
  const Ask& ask = std::get<Ask>(next);
  if (const Question* question = find_undeclared(call, ask.questions)) {
    return failure(mcp::kMissingRequiredClientCapability, "the client lacks a capability",
                   fmt::format(R"({{"requiredCapabilities":{}}})", capability_of(*question)));
  }
  return input_required(context, call, ask);
}

Task<Reply> legacy_rounds(Call& call, JsonView arguments, Script script) {
  std::string answers = "{}";
  std::string state;
  for (int i = 0; i < kMaxRounds; ++i) {
    auto next = script(Round(call, arguments, JsonView::of_proved(answers), state));
    if (auto* reply = std::get_if<Reply>(&next)) co_return std::move(*reply);
    const Ask ask = std::get<Ask>(std::move(next));
    if (const Question* question = find_undeclared(call, ask.questions)) {
      co_return tool_error("The client did not declare what " + question->method + " needs");
    }
    std::vector<Asked> asked;
    for (const Question& question : ask.questions) asked.push_back({question});
    co_await ask_all(call, asked);
    std::string collected = "{";
    for (const Asked& one : asked) {
      if (!one.answer)
        co_return tool_error("The client did not answer: " + one.answer.error().detail);
      collected += fmt::format("{}{}:{}", collected.size() > 1 ? "," : "",
                               jsonrpc::quote(one.question.key), *one.answer);
    }
    collected += "}";
    auto valid = check_answers(ask, JsonView::of_proved(collected));
    if (!valid) co_return tool_error("The client's answer is wrong: " + valid.error().detail);
    answers = std::move(*valid);
    state = ask.state;
  }
  co_return tool_error("Too many rounds");
}

}  // namespace

JsonView Round::answer(std::string_view key) const {
  return answers_.find(key).value_or(JsonView());
}

std::string Round::action(std::string_view key) const {
  return answer(key).string("action").value_or("");
}

std::string_view Round::content(std::string_view key) const {
  const auto content = answer(key).find("content");
  return content ? content->raw() : "{}";
}

std::string Round::form_text(std::string_view key, std::string_view member,
                             std::string_view otherwise) const {
  return JsonView::of_proved(content(key)).string(member).value_or(std::string(otherwise));
}

std::string Round::sampled_text(std::string_view key) const {
  JsonView content = answer(key).find("content").value_or(JsonView());
  if (content.is_array()) {
    for (const JsonView block : content.elements()) {
      if (block.find("text")) content = block;
    }
  }
  return content.string("text").value_or("no text");
}

std::size_t Round::roots(std::string_view key) const {
  return answer(key).find("roots").value_or(JsonView()).size();
}

Task<Reply> converse(Context& context, Call& call, JsonView arguments, Script script) {
  if (call.era() == mcp::Era::legacy) co_return co_await legacy_rounds(call, arguments, script);
  co_return modern_round(context, call, arguments, script);
}

Question form(std::string_view key, std::string_view message, std::string_view schema) {
  return {std::string(key), "elicitation/create",
          fmt::format(R"({{"message":{},"requestedSchema":{}}})", jsonrpc::quote(message), schema)};
}

Question text_field(std::string_view key, std::string_view message, std::string_view field) {
  return form(
      key, message,
      fmt::format(
          R"({{"type":"object","properties":{{{0}:{{"type":"string"}}}},"required":[{0}]}})",
          jsonrpc::quote(field)));
}

Question sample(std::string_view key, std::string_view prompt, int max_tokens) {
  return {
      std::string(key), "sampling/createMessage",
      fmt::format(
          R"({{"messages":[{{"role":"user","content":{{"type":"text","text":{}}}}}],"maxTokens":{}}})",
          jsonrpc::quote(prompt), max_tokens)};
}

Question list_roots(std::string_view key) {
  return {std::string(key), "roots/list", "{}"};
}

std::string check_answer(const Question& question, JsonView answer) {
  if (!answer.is_object()) return "must be an object";
  if (question.method == "roots/list") {
    const auto roots = answer.find("roots");
    return roots && roots->is_array() ? "" : "roots must be an array";
  }
  const auto content = answer.find("content");
  if (question.method == "sampling/createMessage") {
    return content && (content->is_object() || content->is_array()) ? "" : "content is missing";
  }
  const auto action = answer.string("action");
  if (action == "decline" || action == "cancel") return "";
  if (action != "accept") return "action must be accept, decline or cancel";
  const JsonView params = JsonView::of_proved(question.params);
  const auto schema = mcp::Schema::compile(params.find("requestedSchema")->raw());
  if (!schema) return "the server's own schema is wrong: " + schema.error().detail;
  return mcp::describe((*schema)->validate(content ? content->raw() : "{}", "/content"));
}

std::string input_requests(const std::vector<Question>& questions) {
  std::string out = R"("inputRequests":{)";
  for (const Question& question : questions) {
    if (out.back() != '{') out += ',';
    out += jsonrpc::quote(question.key) + ":" +
           mcp::make_input_request(question.method, question.params);
  }
  return out + "}";
}

std::string capability_of(const Question& question) {
  if (question.method == "roots/list") return R"({"roots":{}})";
  if (question.method == "sampling/createMessage") return R"({"sampling":{}})";
  return R"({"elicitation":{"form":{}}})";
}

}  // namespace gatehouse::fixture
