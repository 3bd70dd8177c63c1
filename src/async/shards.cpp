#include "async/shards.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

#include "async/start.hpp"
#include "async/use_task.hpp"

namespace gatehouse {
namespace {

namespace asio = boost::asio;

/// Lives on the shard that works; the other one only posts to it.
struct Flight {
  TaskControl work;
};

struct Initiate {
  Executor where;
  std::function<Task<>()> work;

  template <class Handler>
  void operator()(Handler handler) {
    const auto flight = std::make_shared<Flight>();
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([flight, where = where](asio::cancellation_type) {
        asio::post(where, [flight] { flight->work.cancel(); });
      });
    }
    asio::post(where, [flight, where = where, work = std::move(work),
                       handler = std::move(handler)]() mutable {
      auto on_end = [flight, handler = std::move(handler)](std::exception_ptr exception) mutable {
        const auto home = asio::get_associated_executor(handler);
        asio::post(home,
                   [handler = std::move(handler), exception = std::move(exception)]() mutable {
                     auto slot_here = asio::get_associated_cancellation_slot(handler);
                     if (slot_here.is_connected()) slot_here.clear();
                     std::move(handler)(std::move(exception));
                   });
      };
      start(where, work(), std::move(on_end), &flight->work);
    });
  }
};

}  // namespace

Task<> run_on(Executor where, std::function<Task<>()> work) {
  const auto keep_running = asio::make_work_guard(co_await asio::this_coro::executor);
  co_await asio::async_initiate<const UseTask, void(std::exception_ptr)>(
      Initiate{where, std::move(work)}, use_task);
}

void post_to(const Executor& where, std::function<void()> work) {
  asio::post(where, std::move(work));
}

CancelRelay::CancelRelay(CancelSource* source, Executor where)
    : there_(std::make_shared<CancelSource>()) {
  if (source == nullptr) return;
  registration_ = source->on_cancel([there = there_, where = std::move(where)] {
    asio::post(where, [there] { there->cancel(); });
  });
}

}  // namespace gatehouse
