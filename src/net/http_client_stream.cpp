#include "net/http_client_stream.hpp"

#include <fmt/format.h>

namespace gatehouse::net {
namespace {

class ConnectionStream final : public http::BodyStream {
 public:
  ConnectionStream(ClientShared& shared, ClientPool::Slot slot, CancelSource* cancel)
      : slot_(std::move(slot)), idle_(shared.wheel, [this] { stop(Errc::timeout); }) {
    if (cancel != nullptr) registration_ = cancel->on_cancel([this] { stop(Errc::cancelled); });
  }

  Task<Result<std::string_view>> read_some(std::chrono::milliseconds idle) override {
    ClientConnection& connection = *slot_.connection;
    const bool first = std::exchange(first_, false);
    if (stopped_ == Errc::bug && !(first && !connection.answer().body().empty())) {
      idle_.set(idle);
      co_await connection.more();
      idle_.clear();
    }
    if (stopped_ == Errc::cancelled) co_return fail(Errc::cancelled, "the stream was cancelled");
    if (stopped_ == Errc::timeout)
      co_return fail(Errc::timeout, fmt::format("the stream was silent for {} ms", idle.count()));
    if (const auto& failure = connection.failure()) {
      Error error = failure->error;
      if (error.code == Errc::unavailable) error.code = Errc::outcome_unknown;
      co_return std::unexpected(std::move(error));
    }
    co_return std::string_view(connection.answer().body());
  }

 private:
  void stop(Errc why) {
    stopped_ = why;
    slot_.connection->abort();
  }

  ClientPool::Slot slot_;
  Deadline idle_;
  CancelSource::Registration registration_;
  Errc stopped_ = Errc::bug;  ///< bug: it has not been stopped
  bool first_ = true;
};

}  // namespace

std::unique_ptr<http::BodyStream> make_body_stream(ClientShared& shared, ClientPool::Slot slot,
                                                   CancelSource* cancel) {
  return std::make_unique<ConnectionStream>(shared, std::move(slot), cancel);
}

}  // namespace gatehouse::net
