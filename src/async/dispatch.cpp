#include "async/dispatch.hpp"

#include <boost/asio/dispatch.hpp>

namespace gatehouse {

void dispatch_to(const Executor& executor, std::function<void()> work) {
  boost::asio::dispatch(executor, std::move(work));
}

}  // namespace gatehouse
