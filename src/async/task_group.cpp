#include "async/task_group.hpp"

#include <list>

#include "async/condition.hpp"
#include "async/start.hpp"
#include "async/timer.hpp"

namespace gatehouse {

struct TaskGroup::State {
  State(Executor executor_in, Logger& logger_in)
      : executor(executor_in), logger(logger_in), changed(executor_in) {}
  struct Running {
    std::string name;
    TaskControl control;
  };
  Executor executor;
  Logger& logger;
  Condition changed;
  std::list<Running> running;
  bool closed = false;
};

namespace {

void log_end(Logger& logger, const std::string& name, const std::exception_ptr& exception) {
  if (!exception || detail::is_cancellation(exception)) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    logger.error("task_failed", {{"task", name}, {"error", error.what()}});
  } catch (...) {
    logger.error("task_failed", {{"task", name}, {"error", "unknown exception"}});
  }
}

}  // namespace

TaskGroup::TaskGroup(Executor executor, Logger& logger)
    : state_(std::make_shared<State>(executor, logger)) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string name, Task<> work) {
  if (state_->closed) return;
  const auto entry = state_->running.emplace(state_->running.end());
  entry->name = std::move(name);
  auto on_end = [state = state_, entry](const std::exception_ptr& exception) {
    log_end(state->logger, entry->name, exception);
    state->running.erase(entry);
    state->changed.notify_all();
  };
  start(state_->executor, std::move(work), std::move(on_end), &entry->control);
}

Task<> TaskGroup::shutdown() {
  const std::shared_ptr<State> state = state_;
  state->closed = true;
  for (auto entry = state->running.begin(); entry != state->running.end();) {
    const auto current = entry++;
    current->control.cancel();
  }
  while (!state->running.empty()) co_await state->changed.wait();
}

Task<> TaskGroup::drain() {
  const std::shared_ptr<State> state = state_;
  while (!state->running.empty()) co_await state->changed.wait();
}

bool TaskGroup::closed() const {
  return state_->closed;
}

std::size_t TaskGroup::size() const {
  return state_->running.size();
}

Executor TaskGroup::executor() const {
  return state_->executor;
}

}  // namespace gatehouse
