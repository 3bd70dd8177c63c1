// The Dialer: connects to several addresses, each a moment after the one before, and takes the
// first that answers (RFC 8305 in small).
#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "base/limits.hpp"
#include "net/connector.hpp"
#include "net/event.hpp"

namespace gatehouse::net {
namespace {

constexpr std::chrono::milliseconds kHeadStart{250};  // RFC 8305 §5
constexpr std::size_t kAddresses = 8;                 // tried per request

boost::asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint) {
  if (endpoint.address.is_v6)
    return {boost::asio::ip::address_v6(endpoint.address.bytes), endpoint.port};
  boost::asio::ip::address_v4::bytes_type bytes{};
  std::copy_n(endpoint.address.bytes.begin(), bytes.size(), bytes.begin());
  return {boost::asio::ip::address_v4(bytes), endpoint.port};
}

std::string to_text(const Endpoint& endpoint) {
  const std::string address = endpoint.address.text();
  return fmt::format("{}:{}", endpoint.address.is_v6 ? "[" + address + "]" : address,
                     endpoint.port);
}

/// The families take turns, beginning with the one that the resolver put first (RFC 8305 §4).
std::vector<Endpoint> interleave(const std::vector<Endpoint>& endpoints) {
  std::list<Endpoint> rest(endpoints.begin(), endpoints.end());
  std::vector<Endpoint> ordered;
  while (!rest.empty() && ordered.size() < kAddresses) {
    auto next = rest.begin();
    if (!ordered.empty()) {
      const auto other = std::ranges::find_if(rest, [&](const Endpoint& endpoint) {
        return endpoint.address.is_v6 != ordered.back().address.is_v6;
      });
      if (other != rest.end()) next = other;
    }
    ordered.push_back(*next);
    rest.erase(next);
  }
  return ordered;
}

/// One race. Attempts hold it, so that it outlives the task that started it.
class Race final : public std::enable_shared_from_this<Race> {
 public:
  Race(Executor executor, DeadlineWheel& wheel, std::vector<Endpoint> endpoints,
       std::chrono::milliseconds timeout)
      : executor_(executor),
        timeout_(timeout),
        endpoints_(std::move(endpoints)),
        over_(executor),
        head_start_(wheel, [this] { start_next(); }),
        give_up_(wheel, [this] {
          end(fmt::format("no answer within {} ms (the time to connect)", timeout_.count()));
        }) {}

  Task<> run() {
    give_up_.set(timeout_);
    start_next();
    co_await over_.wait();
  }

  void end(std::string why) {
    if (!why.empty() && winner_ == nullptr) add_failure(std::move(why));
    close_losers();
    over_.fire_later();
  }

  void close_losers() {
    ended_ = true;
    head_start_.clear();
    give_up_.clear();
    for (Attempt& attempt : attempts_) {
      boost::system::error_code ignored;
      if (&attempt != winner_) attempt.socket.close(ignored);
    }
  }

  std::optional<Dialed> take_winner() {
    if (winner_ == nullptr) return std::nullopt;
    return Dialed{std::move(winner_->socket), winner_->endpoint};
  }
  const std::string& failures() const { return failures_; }

 private:
  struct Attempt {
    Endpoint endpoint;
    TcpSocket socket;
  };

  void start_next() {
    if (ended_ || attempts_.size() == endpoints_.size()) return;
    Attempt& attempt = attempts_.emplace_back(endpoints_[attempts_.size()], TcpSocket(executor_));
    ++running_;
    if (attempts_.size() < endpoints_.size()) head_start_.set(kHeadStart);
    attempt.socket.async_connect(
        to_asio(attempt.endpoint),
        [self = shared_from_this(), &attempt](const boost::system::error_code& error) {
          self->on_connect(attempt, error);
        });
  }

  void on_connect(Attempt& attempt, const boost::system::error_code& error) {
    --running_;
    if (ended_) return;
    if (!error) {
      winner_ = &attempt;
      return end({});
    }
    add_failure(to_text(attempt.endpoint) + ": " + error.message());
    if (attempts_.size() < endpoints_.size()) return start_next();
    if (running_ == 0) end({});
  }

  void add_failure(std::string why) {
    if (!failures_.empty()) failures_ += "; ";
    failures_ += why;
  }

  Executor executor_;
  std::chrono::milliseconds timeout_;
  std::vector<Endpoint> endpoints_;
  std::list<Attempt> attempts_;
  Attempt* winner_ = nullptr;
  std::string failures_;
  std::size_t running_ = 0;
  bool ended_ = false;
  Event over_;
  Deadline head_start_;
  Deadline give_up_;
};

class RacingDialer final : public Dialer {
 public:
  RacingDialer(Executor executor, DeadlineWheel& wheel) : executor_(executor), wheel_(wheel) {}

  Task<Result<Dialed>> dial(std::vector<Endpoint> endpoints, CallLimit& limit) override {
    const auto race =
        std::make_shared<Race>(executor_, wheel_, interleave(endpoints), limit.connect_timeout());
    struct End {
      Race& race;
      ~End() { race.close_losers(); }  // also when this task is cancelled
    } const end{*race};
    const CallLimit::Phase phase(limit, [race] { race->end({}); });
    if (!limit.stopped()) co_await race->run();
    if (limit.stopped()) co_return std::unexpected(stop_error(limit, "connecting"));
    if (std::optional<Dialed> winner = race->take_winner()) co_return std::move(*winner);
    co_return fail(Errc::unavailable, "no connection: " + race->failures());
  }

 private:
  Executor executor_;
  DeadlineWheel& wheel_;
};

}  // namespace

std::unique_ptr<Dialer> make_dialer(Executor executor, DeadlineWheel& wheel) {
  return std::make_unique<RacingDialer>(executor, wheel);
}

}  // namespace gatehouse::net
