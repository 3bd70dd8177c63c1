#include "async/timer.hpp"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gatehouse {

Task<> sleep_for(Duration duration) {
  ShardTimer timer(co_await boost::asio::this_coro::executor, duration);
  co_await timer.async_wait(boost::asio::use_awaitable_t<Executor>{});
}

namespace detail {

Task<> run_at_most(Duration limit, Task<> work) {
  using boost::asio::experimental::awaitable_operators::operator||;
  co_await (std::move(work) || sleep_for(limit));
}

void rethrow(const std::exception_ptr& exception) {
  std::rethrow_exception(exception);
}

bool is_cancellation(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const boost::system::system_error& error) {
    return error.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

Error timeout_error(Duration limit, const std::string& what) {
  const double seconds = std::chrono::duration<double>(limit).count();
  return {Errc::timeout, fmt::format("{} took longer than {:g} s", what, seconds), {}};
}

}  // namespace detail
}  // namespace gatehouse
