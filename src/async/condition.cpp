#include "async/condition.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <chrono>

#include "async/timer.hpp"
#include "async/use_task.hpp"

namespace gatehouse {

struct Condition::State {
  explicit State(Executor executor)
      : timer(executor, std::chrono::steady_clock::time_point::max()) {}
  ShardTimer timer;
  std::size_t generation = 0;
};

Condition::Condition(Executor executor) : state_(std::make_shared<State>(executor)) {}

Condition::~Condition() {
  state_->timer.cancel();
}

Task<> Condition::wait() {
  const std::shared_ptr<State> state = state_;
  const std::size_t before = state->generation;
  boost::system::error_code error;
  co_await state->timer.async_wait(boost::asio::redirect_error(use_task, error));
  if (state->generation == before)
    throw boost::system::system_error(boost::asio::error::operation_aborted);
}

void Condition::notify_all() {
  ++state_->generation;
  state_->timer.cancel();
}

}  // namespace gatehouse
