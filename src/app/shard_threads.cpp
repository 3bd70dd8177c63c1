#include "app/shard_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <system_error>
#include <thread>

namespace gatehouse::app {
struct ShardThreads::Loop {
  Loop() : context(1), busy(context.get_executor()) {}
  boost::asio::io_context context;
  boost::asio::executor_work_guard<Executor> busy;
  std::thread thread;
};

ShardThreads::ShardThreads() = default;
ShardThreads::~ShardThreads() = default;

Result<Executor> ShardThreads::add() {
  auto loop = std::make_unique<Loop>();
  try {
    // What gets out of a loop is a bug of ours, as it is on the first thread: the process ends.
    loop->thread = std::thread([&context = loop->context]() noexcept { context.run(); });
  } catch (const std::system_error& error) {
    return fail(Errc::unavailable, std::string("no thread for another shard: ") + error.what(),
                "start with fewer --shards");
  }
  loops_.push_back(std::move(loop));
  return loops_.back()->context.get_executor();
}

void ShardThreads::stop() {
  for (const std::unique_ptr<Loop>& loop : loops_) loop->busy.reset();
  for (const std::unique_ptr<Loop>& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace gatehouse::app
