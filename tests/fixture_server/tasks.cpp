#include "fixture_server/tasks.hpp"

#include "async/timer.hpp"
#include "base/random.hpp"
#include "fixture_server/followers.hpp"
#include "mcp/error_codes.hpp"

namespace gatehouse::fixture {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kTimeToLive = 5min;
constexpr int kPollMilliseconds = 100;

constexpr std::string_view kStatusNames[] = {"working", "input_required", "completed", "failed",
                                             "cancelled"};

std::string outcome_of(const Reply& reply) {
  if (const auto* failed = std::get_if<Reply::Failure>(&reply.value)) {
    return fmt::format(R"("error":{{"code":{},"message":{}}})", failed->code,
                       jsonrpc::quote(failed->message));
  }
  return fmt::format(R"("result":{{{}}})", std::get<Reply::Result>(reply.value).members);
}

}  // namespace

Job::Job(Executor executor, std::string id, std::string arguments)
    : id(std::move(id)), arguments(std::move(arguments)), changed_(executor) {}

Task<bool> Job::pause(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds kStep = 20ms;
  while (duration.count() > 0 && !ended()) {
    const auto step = std::min(duration, kStep);
    co_await sleep_for(step);
    duration -= step;
  }
  co_return !ended();
}

Task<bool> Job::ask(std::vector<Question> questions) {
  open_ = std::move(questions);
  book_->move(*this, Status::input_required);
  while (!open_.empty() && !ended()) co_await changed_.wait();
  co_return !ended();
}

std::string_view Job::answer(std::string_view key) const {
  const auto found = answers_.find(key);
  return found == answers_.end() ? std::string_view("{}") : std::string_view(found->second);
}

bool TaskBook::declared_by(const Call& call) {
  if (call.era() == mcp::Era::legacy) return false;
  const auto extensions = JsonView::of_proved(call.capabilities().raw).find("extensions");
  return extensions && extensions->find(kTasksExtension);
}

Reply TaskBook::missing_extension() {
  return failure(
      mcp::kMissingRequiredClientCapability, "the client lacks the tasks extension",
      fmt::format(R"({{"requiredCapabilities":{{"extensions":{{"{}":{{}}}}}}}})", kTasksExtension));
}

Reply TaskBook::start(Work work, std::string arguments) {
  forget_old();
  auto job = std::make_shared<Job>(tasks_.executor(), random_token(24), std::move(arguments));
  job->book_ = this;
  job->created_ = job->changed_at_ = clock_.now();
  jobs_.emplace(job->id, job);
  std::string created = members(*job);
  tasks_.spawn("task", run(work, std::move(job)));
  return result(R"("resultType":"task",)" + created);
}

Task<> TaskBook::run(Work work, std::shared_ptr<Job> job) {
  const Reply reply = co_await work(job);
  if (job->ended()) co_return;
  job->outcome_ = outcome_of(reply);
  const bool failed = std::holds_alternative<Reply::Failure>(reply.value);
  move(*job, failed ? Job::Status::failed : Job::Status::completed);
}

void TaskBook::move(Job& job, Job::Status status) {
  job.status_ = status;
  job.changed_at_ = clock_.now();
  job.changed_.notify_all();
  followers_.task_changed(members(job));
}

std::string TaskBook::members(const Job& job) const {
  std::string out = fmt::format(
      R"("taskId":"{}","status":"{}","createdAt":"{}","lastUpdatedAt":"{}","ttlMs":{},"pollIntervalMs":{})",
      job.id, kStatusNames[static_cast<int>(job.status_)], to_rfc3339(job.created_),
      to_rfc3339(job.changed_at_), kTimeToLive.count(), kPollMilliseconds);
  if (!job.outcome_.empty()) out += "," + job.outcome_;
  if (job.status_ == Job::Status::input_required) out += "," + input_requests(job.open_);
  return out;
}

Reply TaskBook::update(Job& job, JsonView params) {
  const auto responses = params.find("inputResponses");
  if (!responses || !responses->is_object()) {
    return failure(-32602, "inputResponses must be an object");
  }
  for (const Question& question : job.open_) {
    const auto answer = responses->find(question.key);
    if (!answer) continue;
    if (const std::string problem = check_answer(question, *answer); !problem.empty()) {
      return failure(-32602, "inputResponses: " + question.key + ": " + problem);
    }
  }
  std::erase_if(job.open_, [&](const Question& question) {
    const auto answer = responses->find(question.key);
    if (answer) job.answers_.emplace(question.key, answer->raw());
    return answer.has_value();
  });
  if (!job.ended()) {
    move(job, job.open_.empty() ? Job::Status::working : Job::Status::input_required);
  }
  return result({});
}

Reply TaskBook::handle(const Call& call) {
  if (!declared_by(call)) return missing_extension();
  const JsonView params = JsonView::of_proved(call.params());
  const auto found = jobs_.find(params.string("taskId").value_or(""));
  if (found == jobs_.end()) return failure(-32602, "there is no such task");
  Job& job = *found->second;
  if (call.method() == "tasks/get") return result(members(job));
  if (call.method() == "tasks/update") return update(job, params);
  if (!job.ended()) {
    job.open_.clear();
    move(job, Job::Status::cancelled);
  }
  return result({});
}

void TaskBook::forget_old() {
  std::erase_if(jobs_, [now = clock_.now()](const auto& entry) {
    const Job& job = *entry.second;
    return job.ended() && now - job.changed_at_ > kTimeToLive;
  });
}

}  // namespace gatehouse::fixture
