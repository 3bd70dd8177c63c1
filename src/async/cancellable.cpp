#include "async/cancellable.hpp"

#include <boost/asio/post.hpp>

#include "async/start.hpp"

namespace gatehouse::detail {
namespace {

/// Owned by the work's end handler, so that nothing of it is left when the event loop goes.
struct Watched {
  TaskControl work;
  Sleeper waiting;
  CancelSource::Registration registration;
};

class UnlessWait final {
 public:
  using is_wait = void;
  UnlessWait(CancelSource& source, Task<> work) : source_(source), work_(std::move(work)) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> at) {
    const Executor executor = at.promise().run->executor();
    const auto watched = std::make_shared<Watched>();
    const auto cancel = [](void* raw) { static_cast<Watched*>(raw)->work.cancel(); };
    watched->waiting = Sleeper(*at.promise().run, at, cancel, watched.get());
    watched->registration = source_.on_cancel([raw = watched.get()] { raw->work.cancel(); });
    // The work may end within this call, in which the task must not be resumed.
    start(
        executor, std::move(work_),
        [watched, executor](const std::exception_ptr&) {
          watched->registration.reset();
          boost::asio::post(executor, [watched] { watched->waiting.resume(); });
        },
        &watched->work);
  }
  void await_resume() const noexcept {}

 private:
  CancelSource& source_;
  Task<> work_;
};

}  // namespace

Task<> run_unless(CancelSource& source, Task<> work) {
  co_await UnlessWait(source, std::move(work));
}

}  // namespace gatehouse::detail
