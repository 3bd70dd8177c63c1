// Workers: a small thread pool for what blocks (SQLite, password hashing, name resolution). A task
// hands over a function and resumes on its own shard; it cannot be cancelled in between, so the
// function may use the task's locals.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "async/task.hpp"

namespace gatehouse {

class Workers final {
 public:
  /// Every io_context whose tasks use this must outlive it: a worker may still be inside the post
  /// that resumed the last of them.
  explicit Workers(std::size_t threads);
  /// Waits for functions under way.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Runs `work` on a worker thread. An exception of it is rethrown here.
  template <class F>
  Task<std::invoke_result_t<F&>> run(F work) {
    using R = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<R>) {
      co_await run_erased([&work] { work(); });
    } else {
      std::optional<R> result;
      co_await run_erased([&work, &result] { result.emplace(work()); });
      co_return std::move(*result);
    }
  }

 private:
  Task<> run_erased(std::function<void()> work);
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace gatehouse
