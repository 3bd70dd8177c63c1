// The tools of the tasks scenarios. A client that did not declare the extension, and any legacy
// client, gets the result at once where the tool can do without a task.
#include "async/timer.hpp"
#include "fixture_server/tasks.hpp"

namespace gatehouse::fixture {
namespace {

using Step = std::variant<Reply, Ask>;
using std::chrono::milliseconds;

constexpr milliseconds kMoment{100};

constexpr std::string_view kSure =
    R"({"type":"object","properties":{"confirm":{"type":"boolean","description":"Really?"}},"required":["confirm"]})";

Task<Reply> greet(Context&, Call&, JsonView arguments) {
  co_return text("Hello, " + arguments.string("name").value_or("World") + "!");
}

std::string computed(JsonView arguments) {
  return fmt::format("Computed {} in {} s", arguments.string("label").value_or("something"),
                     arguments.integer("seconds").value_or(0));
}

Task<Reply> compute(std::shared_ptr<Job> job) {
  const JsonView arguments = JsonView::of_proved(job->arguments);
  co_await job->pause(std::chrono::seconds(arguments.integer("seconds").value_or(0)));
  co_return text(computed(arguments));
}

Task<Reply> slow_compute(Context& context, Call& call, JsonView arguments) {
  if (TaskBook::declared_by(call)) {
    co_return context.tasks.start(compute, std::string(arguments.raw()));
  }
  auto left = milliseconds(std::chrono::seconds(arguments.integer("seconds").value_or(0)));
  for (; left.count() > 0 && !call.cancelled().cancelled(); left -= milliseconds(20)) {
    co_await sleep_for(milliseconds(20));
  }
  co_return text(computed(arguments));
}

Task<Reply> fail_later(std::shared_ptr<Job> job) {
  co_await job->pause(kMoment);
  co_return tool_error("The job failed, as it always does");
}

/// taskSupport "required": without the extension only legacy clients are served, who know no
/// other way.
Task<Reply> failing_job(Context& context, Call& call, JsonView) {
  if (TaskBook::declared_by(call)) co_return context.tasks.start(fail_later, "{}");
  if (call.era() == mcp::Era::modern) co_return TaskBook::missing_extension();
  co_return tool_error("The job failed, as it always does");
}

Task<Reply> break_later(std::shared_ptr<Job> job) {
  co_await job->pause(kMoment);
  co_return failure(-32603, "The job broke");
}

Task<Reply> protocol_error_job(Context& context, Call& call, JsonView) {
  if (TaskBook::declared_by(call)) co_return context.tasks.start(break_later, "{}");
  co_return failure(-32603, "The job broke");
}

Question sure(std::string_view key, std::string_view message) {
  return form(key, message, kSure);
}

std::string deletion(JsonView arguments, std::string_view content) {
  const std::string file = arguments.string("filename").value_or("the file");
  const bool confirmed = JsonView::of_proved(content).boolean("confirm") == true;
  return confirmed ? "Deleted " + file : "Kept " + file;
}

std::string_view content_of(std::string_view answer) {
  const auto content = JsonView::of_proved(answer).find("content");
  return content ? content->raw() : "{}";
}

Task<Reply> confirm_later(std::shared_ptr<Job> job) {
  std::vector<Question> questions{sure("confirm", "Delete it?")};
  if (!co_await job->ask(std::move(questions))) co_return text("Cancelled");
  co_return text(deletion(JsonView::of_proved(job->arguments), content_of(job->answer("confirm"))));
}

Step confirm_now(const Round& round) {
  if (!round.has("confirm")) return Ask{{sure("confirm", "Delete it?")}, {}};
  return text(deletion(round.arguments, round.content("confirm")));
}

Task<Reply> confirm_delete(Context& context, Call& call, JsonView arguments) {
  if (TaskBook::declared_by(call)) {
    co_return context.tasks.start(confirm_later, std::string(arguments.raw()));
  }
  co_return co_await converse(context, call, arguments, confirm_now);
}

std::vector<Question> two_names() {
  return {text_field("first", "Who is first?", "name"),
          text_field("second", "Who is second?", "name")};
}

Task<Reply> ask_both_later(std::shared_ptr<Job> job) {
  std::vector<Question> questions = two_names();
  if (!co_await job->ask(std::move(questions))) co_return text("Cancelled");
  const auto name = [&job](std::string_view key) {
    return JsonView::of_proved(content_of(job->answer(key))).string("name").value_or("nobody");
  };
  co_return text(name("first") + " and " + name("second"));
}

Step ask_both_now(const Round& round) {
  if (!round.has("first") || !round.has("second")) return Ask{two_names(), {}};
  return text(round.form_text("first", "name", "nobody") + " and " +
              round.form_text("second", "name", "nobody"));
}

Task<Reply> multi_input(Context& context, Call& call, JsonView arguments) {
  if (TaskBook::declared_by(call)) co_return context.tasks.start(ask_both_later, "{}");
  co_return co_await converse(context, call, arguments, ask_both_now);
}

Step ask_name(const Round& round) {
  if (!round.has("user_name")) {
    return Ask{{text_field("user_name", "What is your name?", "name")}, "name"};
  }
  return text("Task for " + round.form_text("user_name", "name", "nobody"));
}

/// Its argument is the result that was made of the answers.
Task<Reply> repeat_later(std::shared_ptr<Job> job) {
  co_await job->pause(kMoment);
  const std::string_view members = job->arguments;
  co_return result(std::string(members.substr(1, members.size() - 2)));
}

/// Asks first, and becomes a task when it has its answer.
Task<Reply> ask_then_task(Context& context, Call& call, JsonView arguments) {
  const bool declared = TaskBook::declared_by(call);
  if (!declared && call.era() == mcp::Era::modern) co_return TaskBook::missing_extension();
  Reply reply = co_await converse(context, call, arguments, ask_name);
  const auto* made = std::get_if<Reply::Result>(&reply.value);
  if (!declared || made == nullptr || made->members.starts_with(R"("resultType")")) {
    co_return reply;
  }
  co_return context.tasks.start(repeat_later, "{" + made->members + "}");
}

}  // namespace

std::vector<Tool> task_tools() {
  return {
      {"greet", "Greets", R"({"type":"object","properties":{"name":{"type":"string"}}})", greet},
      {"slow_compute", "Takes its time",
       R"({"type":"object","properties":{"seconds":{"type":"integer","minimum":0,"maximum":600},"label":{"type":"string"}}})",
       slow_compute},
      {"failing_job", "Fails after a moment; a task only", kNoArguments, failing_job},
      {"protocol_error_job", "Ends in a protocol error", kNoArguments, protocol_error_job},
      {"confirm_delete", "Asks before it deletes",
       R"({"type":"object","properties":{"filename":{"type":"string"}}})", confirm_delete},
      {"multi_input", "Asks two things at once", kNoArguments, multi_input},
      {"test_tool_with_task", "Asks for a name, then works on it in a task", kNoArguments,
       ask_then_task},
  };
}

}  // namespace gatehouse::fixture
