#include "mcp_server/pending_asks.hpp"

#include <fmt/format.h>

namespace gatehouse::mcp_server {

void PendingAsks::Ask::settle(Result<std::string> with) {
  if (outcome) return;
  outcome.emplace(std::move(with));
  changed.notify_all();
}

std::shared_ptr<PendingAsks::Ask> PendingAsks::open() {
  // Those that nobody waits for any more go first, however their waiting ended.
  std::erase_if(open_, [](const auto& entry) { return entry.second.expired(); });
  auto ask = std::make_shared<Ask>(executor_);
  ask->id = fmt::format("\"ask-{}\"", next_++);
  open_.emplace(ask->id, ask);
  return ask;
}

Task<Result<std::string>> PendingAsks::settled(std::shared_ptr<Ask> ask) {
  while (!ask->outcome) co_await ask->changed.wait();
  co_return *ask->outcome;
}

Task<Result<std::string>> PendingAsks::wait(std::shared_ptr<Ask> ask, Duration timeout,
                                            CancelSource& cancelled, CancelSource* gone) {
  const auto on_cancel = cancelled.on_cancel(
      [raw = ask.get()] { raw->settle(fail(Errc::cancelled, "the client gave up")); });
  CancelSource::Registration on_gone;
  if (gone != nullptr) {
    on_gone = gone->on_cancel([raw = ask.get()] {
      raw->settle(fail(Errc::unavailable, "the client has closed its connection"));
    });
  }
  co_return co_await with_timeout(timeout, settled(ask), "the client's answer");
}

bool PendingAsks::on_answer(const jsonrpc::Message& answer) {
  const auto found = open_.find(answer.id);
  if (found == open_.end()) return false;
  const std::shared_ptr<Ask> ask = found->second.lock();
  open_.erase(found);
  if (!ask) return false;
  if (answer.kind == jsonrpc::MessageKind::result) {
    ask->settle(std::string(answer.result));
  } else {
    const jsonrpc::ErrorObject error = jsonrpc::parse_error_object(answer.error);
    ask->settle(fail(Errc::rejected, fmt::format("the client answered error {}: {}", error.code,
                                                 quote_remote(error.message))));
  }
  return true;
}

void PendingAsks::fail_all(const Error& error) {
  const auto asks = std::exchange(open_, {});
  for (const auto& [id, weak] : asks) {
    if (const auto ask = weak.lock()) ask->settle(std::unexpected(error));
  }
}

}  // namespace gatehouse::mcp_server
