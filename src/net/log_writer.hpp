// LogWriter: lines on their way to a file descriptor that may be slow or not read at all. Whoever
// logs only appends to a bounded queue; one thread writes, in batches. What does not fit is dropped
// and counted, and the count is written as soon as there is room.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gatehouse::net {

class LogWriter final {
 public:
  struct Settings {
    int fd = 2;  ///< not owned
    std::size_t queue_bytes =
        0;  ///< waiting for the descriptor, and once more in the batch on its way
    std::chrono::milliseconds linger{100};     ///< a line waits at most so long for others
    std::chrono::milliseconds farewell{2000};  ///< how long the destructor waits for the reader
    /// The line, without line break, that says so many were dropped.
    std::function<std::string(std::uint64_t lines)> make_dropped_line;
  };
  explicit LogWriter(Settings settings);
  /// Writes what is queued, unless nobody reads it.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Queues one line without its line break; `at_once` lets it not wait for others. False when it
  /// was dropped. Safe from any thread; never waits for the descriptor.
  bool write(std::string_view line, bool at_once);
  /// Three quarters of the queue are taken: who must not lose lines should wait. Any thread.
  bool behind() const;

 private:
  void run(const std::stop_token& stop);
  void write_out(std::string_view batch, const std::stop_token& stop);
  bool wait_writable(const std::stop_token& stop, std::chrono::steady_clock::time_point& give_up);

  Settings settings_;
  int out_ = -1;  ///< the descriptor, or the same pipe opened again so that writing never blocks
  bool owned_ = false;
  bool is_socket_ = false;
  std::size_t step_ = 0;  ///< bytes that one write may take without blocking
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string queue_;
  std::uint64_t dropped_ = 0;
  bool at_once_ = false;
  std::jthread thread_;
};

}  // namespace gatehouse::net
