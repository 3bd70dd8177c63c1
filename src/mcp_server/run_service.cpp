#include "mcp_server/run_service.hpp"

#include <exception>

#include "async/timer.hpp"
#include "jsonrpc/message.hpp"

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

Task<Result<mcp::Interest>> follow_service(Service& service, std::shared_ptr<Follower> follower,
                                           mcp::Interest wanted, Logger& logger) {
  std::exception_ptr exception;
  try {
    co_return co_await service.follow(std::move(follower), std::move(wanted));
  } catch (...) {
    exception = std::current_exception();
  }
  if (detail::is_cancellation(exception)) std::rethrow_exception(exception);
  logger.error("mcp_follow_failed", {{"error", what_of(exception)}});
  co_return fail(Errc::bug, "internal error");
}

Reply::Failure follow_failure(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::invalid_argument:
    case Errc::too_large:
      return {jsonrpc::kInvalidParams, error.detail, {}, 0};
    case Errc::unsupported:
      return {jsonrpc::kMethodNotFound, error.detail, {}, 0};
    default:
      return {jsonrpc::kInternalError, error.detail, {}, 0};
  }
}

}  // namespace gatehouse::mcp_server
