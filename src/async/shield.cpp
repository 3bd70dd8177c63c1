#include "async/shield.hpp"

namespace gatehouse {

Task<> ignore_cancellation() {
  co_await detail::IgnoreCancellation{};
}

}  // namespace gatehouse
