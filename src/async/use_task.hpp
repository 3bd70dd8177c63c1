// use_task: the completion token with which a task awaits one of Asio's operations, as in
// `co_await timer.async_wait(use_task)`. Only for code that may include Asio.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/system_error.hpp>
#include <tuple>

#include "async/task.hpp"

namespace gatehouse {

struct UseTask {};
inline constexpr UseTask use_task{};

namespace detail {

/// Turns a leading error of a completion into an exception and returns what follows.
/// What a task gets of a completion's results: nothing, the only one, or a tuple.
template <class... Rest>
auto unwrap_completion(std::tuple<Rest...>&& results) {
  if constexpr (sizeof...(Rest) == 0) {
    return;
  } else if constexpr (sizeof...(Rest) == 1) {
    return std::get<0>(std::move(results));
  } else {
    return std::move(results);
  }
}

template <class Initiation, class Arguments, class... Results>
class AsioWait final {
 public:
  using is_wait = void;

  AsioWait(Initiation initiation, Arguments arguments)
      : initiation_(std::move(initiation)), arguments_(std::move(arguments)) {}
  AsioWait(const AsioWait&) = delete;
  AsioWait& operator=(const AsioWait&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> at) {
    const auto on_cancel = [](void* self) {
      static_cast<AsioWait*>(self)->cancel_.emit(boost::asio::cancellation_type::terminal);
    };
    Handler handler{Sleeper(*at.promise().run, at, on_cancel, this), this, cancel_.slot()};
    std::apply(
        [&](auto&... arguments) {
          std::move(initiation_)(std::move(handler), std::move(arguments)...);
        },
        arguments_);
  }
  auto await_resume() {
    if constexpr (sizeof...(Results) == 0) {
      return;
    } else {
      return take(std::move(*results_));
    }
  }

 private:
  struct Handler {
    using executor_type = Executor;
    using cancellation_slot_type = boost::asio::cancellation_slot;
    executor_type get_executor() const noexcept { return sleeper.executor(); }
    cancellation_slot_type get_cancellation_slot() const noexcept { return slot; }
    void operator()(Results... results) {
      wait->results_.emplace(std::move(results)...);
      wait->cancel_.slot().clear();
      sleeper.resume();
    }
    Sleeper sleeper;
    AsioWait* wait;
    cancellation_slot_type slot;
  };

  template <class First, class... Rest>
  static auto take(std::tuple<First, Rest...>&& results) {
    if constexpr (std::is_same_v<First, boost::system::error_code>) {
      if (std::get<0>(results)) throw boost::system::system_error(std::get<0>(results));
      return rest(std::move(results), std::index_sequence_for<Rest...>());
    } else if constexpr (std::is_same_v<First, std::exception_ptr>) {
      if (std::get<0>(results)) std::rethrow_exception(std::get<0>(results));
      return rest(std::move(results), std::index_sequence_for<Rest...>());
    } else {
      return unwrap_completion(std::move(results));
    }
  }
  template <class All, std::size_t... At>
  static auto rest(All&& all, std::index_sequence<At...>) {
    return unwrap_completion(std::make_tuple(std::move(std::get<At + 1>(all))...));
  }

  Initiation initiation_;
  Arguments arguments_;
  std::optional<std::tuple<Results...>> results_;
  boost::asio::cancellation_signal cancel_;
};

template <class... Results>
struct Awaited {
  using type = void;
};
template <class One>
struct Awaited<One> {
  using type = One;
};
template <>
struct Awaited<boost::system::error_code> {
  using type = void;
};
template <>
struct Awaited<std::exception_ptr> {
  using type = void;
};
template <class One>
struct Awaited<boost::system::error_code, One> {
  using type = One;
};

}  // namespace detail
}  // namespace gatehouse

template <class... Results>
class boost::asio::async_result<gatehouse::UseTask, void(Results...)> {
  using Value = typename gatehouse::detail::Awaited<std::decay_t<Results>...>::type;

 public:
  using return_type = gatehouse::Task<Value>;

  template <class Initiation, class... Arguments>
  static return_type initiate(Initiation initiation, gatehouse::UseTask /*token*/,
                              Arguments... arguments) {
    using Wait =
        gatehouse::detail::AsioWait<Initiation, std::tuple<Arguments...>, std::decay_t<Results>...>;
    co_return co_await Wait(std::move(initiation),
                            std::tuple<Arguments...>(std::move(arguments)...));
  }
};
