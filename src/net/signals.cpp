#include "net/signals.hpp"

#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>

#include "async/use_task.hpp"

namespace gatehouse::net {

void ignore_sigpipe() {
  struct sigaction current{};
  if (::sigaction(SIGPIPE, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
  current.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &current, nullptr);
}

Task<int> wait_for_termination() {
  boost::asio::basic_signal_set<Executor> signals(co_await boost::asio::this_coro::executor,
                                                  SIGTERM, SIGINT);
  co_return co_await signals.async_wait(use_task);
}

Task<> wait_for_resize() {
  boost::asio::basic_signal_set<Executor> signals(co_await boost::asio::this_coro::executor,
                                                  SIGWINCH);
  (void)co_await signals.async_wait(use_task);
}

}  // namespace gatehouse::net
