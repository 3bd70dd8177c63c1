// SingleFlight: several tasks of one shard that want the same thing at once share one attempt. The
// flight is a task of its own: a waiter that leaves does not end it (style: coroutines).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "async/task_group.hpp"
#include "base/result.hpp"

namespace gatehouse {

template <class Key, class T>
class SingleFlight final {
 public:
  /// `tasks` runs the flights and must outlive this object.
  explicit SingleFlight(TaskGroup& tasks) : tasks_(tasks), flights_(std::make_shared<Flights>()) {}

  /// Joins the flight of `key` or starts one with `start`. All who joined get the same result.
  /// cancelled when `cancel` says so first: then only the waiting ends.
  Task<Result<T>> run(Key key, std::function<Task<Result<T>>()> start,
                      CancelSource* cancel = nullptr) {
    std::shared_ptr<Flight> flight;
    if (const auto found = flights_->find(key); found != flights_->end()) {
      flight = found->second;
    } else {
      if (tasks_.closed()) co_return fail(Errc::cancelled, "shutting down");
      flight = std::make_shared<Flight>(tasks_.executor());
      flights_->emplace(key, flight);
      tasks_.spawn("single_flight", fly(flights_, std::move(key), flight, std::move(start)));
    }
    CancelSource::Registration leave;
    if (cancel != nullptr) leave = cancel->on_cancel([flight] { flight->landed.notify_all(); });
    while (!flight->result && !(cancel != nullptr && cancel->cancelled()))
      co_await flight->landed.wait();
    if (!flight->result) co_return fail(Errc::cancelled, "the request was cancelled");
    co_return *flight->result;
  }

  std::size_t size() const { return flights_->size(); }

 private:
  struct Flight {
    explicit Flight(Executor executor) : landed(executor) {}
    Condition landed;
    std::optional<Result<T>> result;
  };
  using Flights = std::map<Key, std::shared_ptr<Flight>>;

  static void land(const std::shared_ptr<Flights>& flights, const Key& key,
                   const std::shared_ptr<Flight>& flight) {
    if (const auto found = flights->find(key); found != flights->end() && found->second == flight)
      flights->erase(found);
    flight->landed.notify_all();
  }

  static Task<> fly(std::shared_ptr<Flights> flights, Key key, std::shared_ptr<Flight> flight,
                    std::function<Task<Result<T>>()> start) {
    try {
      flight->result.emplace(co_await start());
    } catch (...) {
      flight->result.emplace(fail(Errc::cancelled, "the shared attempt ended early"));
      land(flights, key, flight);
      throw;
    }
    land(flights, key, flight);
  }

  TaskGroup& tasks_;
  std::shared_ptr<Flights> flights_;
};

}  // namespace gatehouse
