#include "async/workers.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>

#include "async/use_task.hpp"

namespace gatehouse {

struct Workers::Pool {
  explicit Pool(std::size_t threads) : threads(threads) {}
  boost::asio::thread_pool threads;
};

Workers::Workers(std::size_t threads) : pool_(std::make_unique<Pool>(threads)) {}

Workers::~Workers() {
  pool_->threads.join();
}

Task<> Workers::run_erased(std::function<void()> work) {
  auto initiate = [](auto handler, boost::asio::thread_pool* threads, std::function<void()> work) {
    boost::asio::post(*threads, [handler = std::move(handler), work = std::move(work)]() mutable {
      std::exception_ptr exception;
      try {
        work();
      } catch (...) {
        exception = std::current_exception();
      }
      const auto executor = boost::asio::get_associated_executor(handler);
      boost::asio::post(executor, [handler = std::move(handler), exception]() mutable {
        std::move(handler)(exception);
      });
    });
  };
  const auto keep_running = boost::asio::make_work_guard(co_await boost::asio::this_coro::executor);
  co_await boost::asio::async_initiate<const UseTask, void(std::exception_ptr)>(
      std::move(initiate), use_task, &pool_->threads, std::move(work));
}

}  // namespace gatehouse
