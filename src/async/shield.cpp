#include "async/shield.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace gatehouse {

Task<> ignore_cancellation() {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation(),
                                                            boost::asio::disable_cancellation());
}

}  // namespace gatehouse
