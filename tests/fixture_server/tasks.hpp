// The tasks extension (SEP-2663): calls that go on after they were answered. A task is work in the
// background that may ask through tasks/update; its result is inlined in tasks/get. Ids are
// unguessable; a finished task is kept for its ttlMs. Belongs to one thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "fixture_server/conversation.hpp"

namespace gatehouse::fixture {

/// One task as its work sees it.
class Job final {
 public:
  Job(Executor executor, std::string id, std::string arguments);

  const std::string id;
  const std::string arguments;  ///< raw JSON object

  /// False when it was cancelled meanwhile.
  Task<bool> pause(std::chrono::milliseconds duration);
  /// Puts the task into input_required until every question is answered; false when cancelled.
  Task<bool> ask(std::vector<Question> questions);
  /// What was answered to `key`, raw.
  std::string_view answer(std::string_view key) const;

 private:
  friend class TaskBook;
  enum class Status { working, input_required, completed, failed, cancelled };

  bool ended() const { return status_ >= Status::completed; }

  Status status_ = Status::working;
  std::vector<Question> open_;  ///< questions without answer
  std::map<std::string, std::string, std::less<>> answers_;
  std::string outcome_;  ///< `"result":{…}` or `"error":{…}`
  SystemTime created_, changed_at_;
  Condition changed_;
  TaskBook* book_ = nullptr;
};

/// What a task does: its reply is the result, or a protocol error. A plain function.
using Work = Task<Reply> (*)(std::shared_ptr<Job> job);

class TaskBook final {
 public:
  TaskBook(TaskGroup& tasks, const Clock& clock, Followers& followers)
      : tasks_(tasks), clock_(clock), followers_(followers) {}

  /// Starts the work and answers CreateTaskResult.
  Reply start(Work work, std::string arguments);
  /// tasks/get, tasks/update, tasks/cancel.
  Reply handle(const Call& call);

  static bool declared_by(const Call& call);  ///< the extension, on this request
  static Reply missing_extension();           ///< -32021

 private:
  friend class Job;
  Task<> run(Work work, std::shared_ptr<Job> job);
  void move(Job& job, Job::Status status);
  std::string members(const Job& job) const;
  Reply update(Job& job, JsonView params);
  void forget_old();

  TaskGroup& tasks_;
  const Clock& clock_;
  Followers& followers_;
  std::map<std::string, std::shared_ptr<Job>, std::less<>> jobs_;
};

}  // namespace gatehouse::fixture
