// LinePipe: lines over two file descriptors (the same socket twice, a pipe pair, stdin and stdout).
// What the line channels of net/ have in common. Private to net/; belongs to one shard.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/condition.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "net/read_buffer.hpp"

namespace gatehouse::net {

using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

class LinePipe final : public std::enable_shared_from_this<LinePipe> {
 public:
  /// Owns both descriptors, which may be the same kind of thing but not the same number, and makes
  /// them non-blocking.
  LinePipe(Executor executor, int read_fd, int write_fd, std::size_t max_line_bytes);

  /// As jsonrpc::LineChannel says. A writer that is cancelled leaves its line to be sent whole.
  Task<Result<void>> write_line(std::string_view line);
  Task<Result<std::optional<std::string>>> read_line();
  /// The other side gets end of file once what was written has been sent.
  void close_write();
  /// Reads end with nothing, at once.
  void close_read();
  /// After close_read(): takes what still comes and drops it, so that a writer that is asked to end
  /// does not hang in a write.
  void discard_input();
  void close();
  /// The writer behind the read descriptor is gone, though others may hold it open: what is there
  /// is still delivered, then comes the end.
  void no_more_writers();

 private:
  std::optional<std::string> take_line();
  std::optional<std::string> take_rest();
  bool append_now();
  std::size_t write_now(std::string_view line);
  void wait_writable();
  void on_writable(boost::system::error_code error);
  void fail_writing(int error);

  Descriptor in_;
  Descriptor out_;
  std::size_t max_line_bytes_;
  ReadBuffer buffer_;
  std::size_t scanned_ = 0;  ///< of buffer_: without a line feed
  bool at_end_ = false;
  bool only_what_is_there_ = false;
  bool reading_closed_ = false;
  bool too_long_ = false;

  std::string unsent_;
  std::size_t unsent_at_ = 0;
  std::uint64_t queued_ = 0;  ///< bytes ever put into unsent_
  std::uint64_t sent_ = 0;    ///< bytes ever sent from it
  bool waiting_writable_ = false;
  bool write_closed_ = false;
  int write_error_ = 0;
  Condition write_progress_;
};

}  // namespace gatehouse::net
