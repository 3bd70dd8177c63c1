#include "mcp_server/run_service.hpp"

#include <exception>

#include "async/timer.hpp"

namespace gatehouse::mcp_server {
namespace {

std::string what_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace

Task<Reply> run_service(Service& service, Call& call, Logger& logger) {
  std::exception_ptr exception;
  try {
    co_return co_await service.handle(call);
  } catch (...) {
    exception = std::current_exception();
  }
  if (detail::is_cancellation(exception)) std::rethrow_exception(exception);
  logger.error("mcp_request_failed", {{"request_id", std::string(call.request_id())},
                                      {"method", std::string(call.method())},
                                      {"error", what_of(exception)}});
  co_return Reply{Reply::Failure{-32603, "internal error", {}, 0}};
}

}  // namespace gatehouse::mcp_server
