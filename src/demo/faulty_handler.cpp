#include "demo/faulty_handler.hpp"

#include <stdexcept>

#include "async/condition.hpp"

namespace gatehouse::demo {
namespace {

/// Lets the work be done and swallows the answer.
class LostAnswer final : public http::Exchange {
 public:
  explicit LostAnswer(http::Exchange& exchange) : exchange_(exchange) {}

  const http::Request& request() const override { return exchange_.request(); }
  std::string_view peer_address() const override { return exchange_.peer_address(); }
  std::string_view request_id() const override { return exchange_.request_id(); }
  Task<> respond(int, const http::Headers&, std::span<const std::string_view>) override {
    co_return;
  }
  Task<Result<void>> start_stream(int, const http::Headers&) override {
    streaming_ = true;
    co_return Result<void>{};
  }
  Task<Result<void>> write(std::string_view) override { co_return Result<void>{}; }
  Task<> finish() override { co_return; }
  bool streaming() const override { return streaming_; }
  CancelSource& disconnected() override { return exchange_.disconnected(); }

 private:
  http::Exchange& exchange_;
  bool streaming_ = false;
};

/// An answer that was begun and whose handler fails is one that the server cuts off.
Task<> drop(http::Exchange& exchange, FaultKind kind) {
  co_await exchange.start_stream(200, {});
  throw std::runtime_error("fault on purpose: " + std::string(to_string(kind)));
}

Task<> stall(Executor executor, http::Exchange& exchange) {
  Condition left(executor);
  CancelSource& disconnected = exchange.disconnected();
  const auto on_leave = disconnected.on_cancel([&left] { left.notify_all(); });
  while (!disconnected.cancelled()) co_await left.wait();
}

}  // namespace

Task<> handle_with_faults(Executor executor, FaultPlan& plan, Step step, http::Handler& handler,
                          http::Exchange& exchange) {
  const auto kind = plan.next(step);
  if (!kind) co_return co_await handler.handle(exchange);
  if (*kind == FaultKind::error) {
    http::Response response{
        503, {{"Content-Type", "text/plain"}, {"Cache-Control", "no-store"}}, "fault on purpose\n"};
    co_return co_await exchange.respond(std::move(response));
  }
  if (*kind == FaultKind::stall) co_await stall(executor, exchange);
  if (*kind == FaultKind::lost) {
    LostAnswer lost(exchange);
    co_await handler.handle(lost);
  }
  co_await drop(exchange, *kind);
}

}  // namespace gatehouse::demo
