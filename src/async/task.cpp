#include "async/task.hpp"

namespace gatehouse::detail {

void throw_cancelled() {
  throw boost::system::system_error(boost::asio::error::operation_aborted);
}

Run::Run(const Executor& executor, TaskControl* control, std::coroutine_handle<> main)
    : control_(control), main_(main), guard_(executor) {
  if (control_ != nullptr) control_->run_ = this;
}

Run::~Run() {
  drop_control();
}

void Run::drop_control() {
  if (TaskControl* control = std::exchange(control_, nullptr)) control->run_ = nullptr;
}

void Run::cancel() {
  if (!cancellable_) return;
  cancelled_ = true;
  if (const auto on_cancel = std::exchange(on_cancel_, nullptr)) on_cancel(sleeping_);
}

}  // namespace gatehouse::detail
